/* Pages of caches as libraries written by hand use them, and what these predict. */

#ifndef FAKE_PAGES_H
#define FAKE_PAGES_H

#include <math.h>
#include <stdint.h>

enum { VOCAB = 33, PREDICTED = 32, WIDTH = 2, LAYERS = 2, HEAD = 2, PAGE = 2 * HEAD * 16 };

/* Writes a position's key and value: those of layer l are (value + l, position). */
static void write_position(float *cache, int64_t pages, int64_t page, int64_t position, float value) {
  int64_t i = position % 16;
  for (int layer = 0; layer < LAYERS; ++layer) {
    float *place = cache + (layer * pages + page) * PAGE;
    float key[HEAD] = {value + (float)layer, (float)position};
    for (int d = 0; d < HEAD; ++d) {
      place[d * 16 + i] = key[d];
      place[HEAD * 16 + i * HEAD + d] = key[d];
    }
  }
}

/* The value at a position; NaN if its page is not what it should be. */
static float read_position(const float *cache, int64_t pages, int64_t page, int64_t position) {
  int64_t i = position % 16;
  const float *first = cache + page * PAGE, *second = cache + (pages + page) * PAGE;
  float value = first[i];
  if (first[16 + i] != (float)position || second[16 + i] != (float)position || second[i] != value + 1 ||
      first[2 * 16 + i * HEAD] != value || second[2 * 16 + i * HEAD + 1] != (float)position)
    return NAN;
  return value;
}

/* The scores of what comes next where `sum`, modulo 32, is h; NaN where it is none. */
static void predict_from(double sum, float *logits) {
  float best = (float)fmod(sum, PREDICTED);
  int h = isnan(best) ? 0 : (int)best;
  for (int v = 0; v < PREDICTED; ++v) {
    int noise = (v * v * 7 + h * h * 13 + v * h * 5) % 1009;
    logits[v] = isnan(best) ? best : -(float)((v - h + PREDICTED) % PREDICTED) / 4 - (float)noise / 10000;
  }
  logits[PREDICTED] = -100;
}

#endif
