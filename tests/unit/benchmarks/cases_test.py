#!/usr/bin/env python3
"""The cases of benchmarks/run kernels: which there are, and that what should come from memory does."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benchmarks" / "kernels"))
sys.dont_write_bytecode = True
import cases  # noqa: E402

COLD = 545259520


class Cases(unittest.TestCase):
    def test_panels_are_those_of_pack_weights(self):
        # As tests/lit/passes/pack-weights has them: 48 columns, or fewer where 48 would compute more that nobody reads.
        self.assertEqual([cases.panel_of(columns) for columns in (384, 768, 512, 960, 50257, 49152, 37000)],
                         [48, 48, 32, 48, 32, 48, 48])

    def test_every_model_is_there_at_every_number_of_rows(self):
        tasks = {case.task for case in cases.cases(("product",), COLD)}
        for shapes in cases.MODELS.values():
            for depth, columns in shapes:
                for rows in (1, 4, 8, 32, 128, 512):
                    self.assertIn(f"{rows} x {depth} x {columns}", tasks)

    def test_what_is_cold_is_larger_than_what_caches_hold(self):
        for case in cases.cases(("product", "decode"), COLD):
            largest = max(buffer.copies * 4 * size(buffer.shape) for buffer in case.buffers)
            if case.cold:
                self.assertGreaterEqual(largest, COLD, case.task)
            copies = {buffer.copies for buffer in case.buffers} - {1}
            self.assertTrue(all(count % case.calls == 0 for count in copies), case.task)

    def test_work_of_causal_attention_is_half_of_that_of_all_keys(self):
        full, causal = cases.attention(512, False), cases.attention(512, True)
        self.assertAlmostEqual(causal.work / full.work, 513 / 1024)


def size(shape):
    product = 1
    for extent in shape:
        product *= extent
    return product


if __name__ == "__main__":
    unittest.main()
