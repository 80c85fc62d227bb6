//===- tenon-opt.cpp - Runs passes on IR of any level ---------------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  registry.insert<tenon::TenonDialect>();
  mlir::registerAllPasses();
  tenon::registerTenonPasses();
  tenon::registerPipelines();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Tenon's pass driver\n", registry));
}
