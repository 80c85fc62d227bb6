//===- HostCode.cpp - Drivers and tables to an object file ----------------===//

#include "codegen/HostCode.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tenon/library.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace tenon;

namespace {

constexpr char kTriple[] = "x86_64-unknown-linux-gnu";

/// Adds the constants that make a module a library.
class TableBuilder {
public:
  TableBuilder(Module &module, const LibraryContents &contents)
      : module(module), contents(contents), context(module.getContext()), pointer(PointerType::getUnqual(context)) {}

  void build() {
    std::vector<Constant *> entries, targets;
    for (const std::string &name : contents.entries) {
      Function *driver = module.getFunction(name);
      driver->setLinkage(GlobalValue::InternalLinkage);
      entries.push_back(driver);
    }
    for (const TargetKernels &target : contents.targets)
      targets.push_back(structure({text(target.name), word(target.level), word(0), table(target.symbols)}));
    Constant *targetTable = array(targets);
    size_t kernelCount = contents.targets.empty() ? 0 : contents.targets.front().symbols.size();
    // Field by field tenon_library.
    Constant *library = structure({word(TENON_LIBRARY_VERSION),
                                   word(sizeof(tenon_library)),
                                   text(contents.manifest),
                                   size(contents.manifest.size()),
                                   optionalText(contents.tokenizer),
                                   size(contents.tokenizer.size()),
                                   weightBytes(),
                                   weightSize(),
                                   array(entries),
                                   word(entries.size()),
                                   word(kernelCount),
                                   targetTable,
                                   word(targets.size()),
                                   word(0),
                                   external("halide_set_custom_do_par_for"),
                                   external("halide_set_custom_malloc"),
                                   external("halide_set_custom_free"),
                                   external("halide_set_error_handler"),
                                   optionalText(contents.targetTokenizer),
                                   size(contents.targetTokenizer.size())});
    auto *exported = new GlobalVariable(module, library->getType(), true, GlobalValue::ExternalLinkage, library,
                                        TENON_LIBRARY_SYMBOL);
    exported->setAlignment(Align(8));
    addNote();
  }

private:
  Constant *word(uint64_t value) { return ConstantInt::get(Type::getInt32Ty(context), value); }
  Constant *size(uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); }
  Constant *null() { return ConstantPointerNull::get(pointer); }
  Constant *structure(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(context, fields); }

  Constant *privateConstant(Constant *value, Align alignment) {
    auto *global = new GlobalVariable(module, value->getType(), true, GlobalValue::PrivateLinkage, value);
    global->setAlignment(alignment);
    return global;
  }
  Constant *text(StringRef value) {
    return privateConstant(ConstantDataArray::getString(context, value, /*AddNull=*/true), Align(1));
  }
  Constant *optionalText(StringRef value) { return value.empty() ? null() : text(value); }
  Constant *array(ArrayRef<Constant *> values) {
    if (values.empty())
      return null();
    auto *type = ArrayType::get(values.front()->getType(), values.size());
    return privateConstant(ConstantArray::get(type, values), Align(8));
  }
  Constant *external(StringRef name) {
    auto *type = FunctionType::get(Type::getInt32Ty(context), {pointer}, false);
    return cast<Constant>(module.getOrInsertFunction(name, type).getCallee());
  }
  Constant *table(ArrayRef<std::string> symbols) {
    std::vector<Constant *> functions;
    for (const std::string &symbol : symbols)
      functions.push_back(external(symbol));
    return array(functions);
  }

  /// The assembler includes the file: as a constant of IR it would be in memory several times.
  Constant *weightBytes() {
    if (contents.weightsPath.empty())
      return null();
    std::string path;
    raw_string_ostream(path).write_escaped(contents.weightsPath, /*UseHexEscapes=*/false);
    // Aligned as the file's data, which starts at a multiple of 4096 and is mapped with large pages where possible.
    module.appendModuleInlineAsm(".section .tenon.weights,\"a\",@progbits\n.balign 4096\n.hidden tenon_weight_bytes\n"
                                 ".globl tenon_weight_bytes\ntenon_weight_bytes:\n.incbin \"" +
                                 path +
                                 "\"\n.hidden tenon_weight_end\n.globl tenon_weight_end\ntenon_weight_end:\n.text\n");
    return marker("tenon_weight_bytes");
  }
  Constant *marker(StringRef name) {
    auto *global =
        new GlobalVariable(module, Type::getInt8Ty(context), true, GlobalValue::ExternalLinkage, nullptr, name);
    global->setVisibility(GlobalValue::HiddenVisibility);
    return global;
  }
  Constant *weightSize() {
    if (contents.weightsPath.empty())
      return size(0);
    Constant *begin = module.getGlobalVariable("tenon_weight_bytes");
    Type *i64 = Type::getInt64Ty(context);
    return ConstantExpr::getSub(ConstantExpr::getPtrToInt(marker("tenon_weight_end"), i64),
                                ConstantExpr::getPtrToInt(begin, i64));
  }

  /// `.note.tenon`; size and hash are stamped into the linked file.
  void addNote() {
    struct {
      uint32_t nameSize = 6, descriptorSize = sizeof(tenon_note), type = TENON_NOTE_TYPE;
      char name[8] = "Tenon";
    } header;
    tenon_note note = {};
    note.version = TENON_LIBRARY_VERSION;
    note.machine = ELF::EM_X86_64;
    note.least_level = contents.targets.empty() ? 0 : contents.targets.back().level;
    std::string bytes(reinterpret_cast<const char *>(&header), sizeof(header));
    bytes.append(reinterpret_cast<const char *>(&note), sizeof(note));
    Constant *value = ConstantDataArray::getString(context, bytes, /*AddNull=*/false);
    auto *global =
        new GlobalVariable(module, value->getType(), true, GlobalValue::ExternalLinkage, value, "tenon_note");
    global->setVisibility(GlobalValue::HiddenVisibility);
    global->setSection(".note.tenon");
    global->setAlignment(Align(4));
  }

  Module &module;
  const LibraryContents &contents;
  LLVMContext &context;
  PointerType *pointer;
};

Expected<std::unique_ptr<TargetMachine>> createTargetMachine() {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  InitializeNativeTargetAsmParser();
  std::string error;
  Triple triple(kTriple);
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return createStringError(error);
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(triple, "x86-64", "", TargetOptions(), Reloc::PIC_,
                                                                    std::nullopt, CodeGenOptLevel::Default));
}

void optimize(Module &module, TargetMachine &machine) {
  PassBuilder passes(&machine);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(callGraph);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, callGraph, modules);
  passes.buildPerModuleDefaultPipeline(OptimizationLevel::O2).run(module, modules);
}

} // namespace

Expected<std::string> tenon::emitHostCode(mlir::ModuleOp source, const LibraryContents &contents, HostOutput output) {
  mlir::registerBuiltinDialectTranslation(*source->getContext());
  mlir::registerLLVMDialectTranslation(*source->getContext());
  LLVMContext context;
  std::unique_ptr<Module> module =
      mlir::translateModuleToLLVMIR(source, context, contents.entries.empty() ? "tenon" : contents.entries.front());
  if (!module)
    return createStringError("the drivers have no form in LLVM IR");
  Expected<std::unique_ptr<TargetMachine>> machine = createTargetMachine();
  if (!machine)
    return machine.takeError();
  module->setTargetTriple(Triple(kTriple));
  module->setDataLayout((*machine)->createDataLayout());
  TableBuilder(*module, contents).build();
  optimize(*module, **machine);

  std::string text;
  if (output == HostOutput::LLVM) {
    raw_string_ostream(text) << *module;
    return text;
  }
  SmallVector<char> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager emission;
  auto kind = output == HostOutput::Object ? CodeGenFileType::ObjectFile : CodeGenFileType::AssemblyFile;
  if ((*machine)->addPassesToEmitFile(emission, stream, nullptr, kind))
    return createStringError("LLVM emits no code for the drivers");
  emission.run(*module);
  return std::string(bytes.begin(), bytes.end());
}
