// RUN: tenon-opt %s --tenon-assign-schedules="targets=x86-64-v3" --split-input-file --verify-diagnostics

func.func @schedule_parameter_is_known(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule parameter 'warps' is not one of this kernel's: tiles}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", {warps = 4 : i64}>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_parameter_is_in_its_space(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule parameter 'tiles' is 3, expected one of 1, 2, 4, 8, 16}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", {tiles = 3 : i64}>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
