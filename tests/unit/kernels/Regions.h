//===- Regions.h - Descriptions and batches for tests -----------*- C++ -*-===//

#ifndef TENON_TESTS_REGIONS_H
#define TENON_TESTS_REGIONS_H

#include "LoadedKernel.h"
#include <random>

namespace tenon::kernels::test {

/// What an attention's segments are, in its attribute: the sequences' own rows or pages, or pages of others.
using Segments = std::vector<std::string>;
inline const Segments ownRows = {"rows"}, ownPages = {"pages"}, otherPages = {"pages lengths"};

/// Writes a description: arguments first, then operations; each call returns the value's number.
class RegionBuilder {
public:
  int rows(int64_t width) { return argument({ElementType::F32, {kDynamic, width}}); }
  int indices() { return argument({ElementType::I32, {kDynamic}}); }
  int indexTable() { return argument({ElementType::I32, {kDynamic, kDynamic}}); }
  int array(std::vector<int64_t> shape) { return argument({ElementType::F32, std::move(shape)}); }

  /// An operation whose one result is f32[?, width].
  int operation(const std::string &kind, std::vector<int> operands, int64_t width,
                std::map<std::string, Attribute> attributes = {});
  /// A split; returns the number of the first part.
  int split(int operand, std::vector<int64_t> widths);

  /// The rows come one by one.
  RegionBuilder &oneByOne() {
    description.rowTile = 1;
    return *this;
  }

  KernelDescription yield(std::vector<int> results);

private:
  int argument(TensorType type);
  KernelDescription description;
  int values = 0;
};

/// The default schedule of a region that some family computes.
Schedule scheduleOf(const KernelDescription &description, const TargetModel &target);

/// A packed batch: where each sequence starts, and how many rows there are in all.
struct Batch {
  explicit Batch(std::vector<int32_t> lengths, int32_t rowTile = 16);
  std::vector<int32_t> lengths, starts;
  int64_t rows() const { return starts.back(); }
  Array startsArray() const { return {{static_cast<int64_t>(starts.size())}, starts}; }
  Array lengthsArray() const { return {{static_cast<int64_t>(lengths.size())}, lengths}; }
  /// Whether a row belongs to a sequence and not to its padding.
  bool isReal(int64_t row) const;
};

/// `isReal` of every row.
std::vector<bool> realRows(const Batch &batch);

/// Normally distributed values; the batch's padding rows are NaN.
Array randomRows(const Batch &batch, int64_t width, unsigned seed, float deviation = 1.0f);
Array randomArray(std::vector<int64_t> shape, unsigned seed, float deviation = 1.0f);

/// A pool of pages with the keys and values of a batch's sequences: `past` keys of each, then its new rows. The pages
/// of a sequence are scattered; all that no key fills is NaN.
struct Paged {
  Paged(const Batch &batch, std::vector<int32_t> past, int64_t keyHeads, int64_t size, bool withNew = true);
  int64_t slots = 0, pages = 0;
  std::vector<int32_t> past, table;
  Array cache; ///< [pages, 2 * keyHeads * size * 16]
  /// The pages of sequences with so many keys each, which belong to another batch than the queries.
  static Paged ofKeys(const std::vector<int32_t> &keys, int64_t keyHeads, int64_t size);
  Array pastArray() const { return {{static_cast<int64_t>(past.size())}, past}; }
  Array tableArray() const { return {{static_cast<int64_t>(past.size()), slots}, table}; }
};

/// [N, K] weights in panels, zero past the last column.
Array inPanels(const Array &plain, int64_t panel);

} // namespace tenon::kernels::test

#endif // TENON_TESTS_REGIONS_H
