// One schema for data files that nothing describes but themselves.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/footer.h"
#include "earthcatalog/iceberg/metadata/schema.h"
#include "earthcatalog/result.h"

namespace earthcatalog::maintenance {

/// A column of a file without field ids, as a table has it: such files were written before any table, and their types
/// may be narrower than its columns, as the peer's are.
iceberg::NestedField promoted(iceberg::NestedField field);

/// Files of one table may lack columns that were added later; what they share must be the same.
class SchemaUnion {
 public:
  /// kInvalidData names the column and the two files that differ in it.
  Status add(const geoparquet::FileSchema& file, const std::string& uri);
  /// The columns of all files, with the files' own field ids or, when none has any (the peer's), those of a new table
  /// with our columns added. kUnsupported when it is not a schema of ours or the peer's, with the difference.
  Result<iceberg::Schema> finish() const;

 private:
  struct Met {
    iceberg::NestedField field;
    std::string uri;  // of the file that had it first
  };
  static Status check_same(const Met& met, const iceberg::NestedField& field, const std::string& uri);

  std::map<int, Met> by_id_;
  std::map<std::string, Met> by_name_;  // of files with ids
  std::map<std::string, Met> plain_;    // of files without
  std::vector<std::string> plain_in_order_;
};

}  // namespace earthcatalog::maintenance
