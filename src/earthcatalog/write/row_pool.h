// Holds the rows of a merge.
#pragma once

#include <arrow/memory_pool.h>

namespace earthcatalog::write {

/// Columns of a merge are large blocks that come and go. Arrow's default pool returns them to the system at once and
/// has them cleared page by page when it takes them again, which was half of a merge's time; malloc keeps them.
inline arrow::MemoryPool* row_pool() { return arrow::system_memory_pool(); }

}  // namespace earthcatalog::write
