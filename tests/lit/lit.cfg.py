"""The lit suite: what every program says about IR, specs and its command line."""

import os
import sys

import lit.formats

if not hasattr(config, "tenon_bin"):
    lit_config.fatal("run lit on tests/lit of a build tree, whose lit.site.cfg.py says where the programs are")

config.name = "Tenon"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.tenon_lit_build

config.environment["PATH"] = os.pathsep.join([config.tenon_bin, config.llvm_tools, config.environment["PATH"]])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input=fail"
if "TENON_CACHE_DIR" in os.environ:
    config.environment["TENON_CACHE_DIR"] = os.environ["TENON_CACHE_DIR"]
# Not there in builds with sanitizers, which replace the same functions.
if os.path.exists(os.path.join(config.tenon_bin, "tenon-allocation-sweep")):
    config.available_features.add("allocation-sweep")
root = os.path.dirname(os.path.dirname(config.test_source_root))
config.substitutions += [
    ("%python", f'"{sys.executable}"'),
    ("%root", root),
    ("%include", os.path.join(os.path.dirname(config.llvm_tools), "include")),
]
