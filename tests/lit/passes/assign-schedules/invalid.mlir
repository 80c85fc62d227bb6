// RUN: tenon-opt %s --tenon-assign-schedules="targets=x86-64-v3" --split-input-file --verify-diagnostics

func.func @schedule_parameter_is_known(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: nest 1 of case 1 (rowwise) has no parameter 'warps', expected one of: tiles}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {warps = 4}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_parameter_is_in_its_space(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: 'tiles' of nest 1 of case 1 (rowwise) is 3, expected one of 1, 2, 4, 8, 16}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {tiles = 3}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_has_all_nests(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: case 1 has 2 nests, expected 1: rowwise}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>, <rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_nests_have_their_family(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: nest 1 of case 1 is 'linear', expected 'rowwise'}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<nests = [<linear {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_compares_sizes_of_the_kernel(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: case 1 compares 'sequences', expected one of this kernel's sizes: rows}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<at_most = {sequences = 8}, nests = [<rowwise {}>]>, <nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_cases_are_reached(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: case 2 is never reached: case 1 takes all of its sizes}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<at_most = {rows = 8}, nests = [<rowwise {}>]>, <at_most = {rows = 4}, nests = [<rowwise {}>]>, <nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

func.func @schedule_has_a_case_for_all_sizes(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{schedule for x86-64-v3: the last case is for rows <= 8, expected one for all sizes}}
  %0 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> schedules [#tenon.schedule<"x86-64-v3", [<at_most = {rows = 8}, nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
