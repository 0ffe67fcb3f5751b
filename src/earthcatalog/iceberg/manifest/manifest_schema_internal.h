// Avro schemas of manifests and manifest lists, and the field ids in them (https://iceberg.apache.org/spec/#manifests).
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/iceberg/manifest/manifest.h"
#include "earthcatalog/iceberg/metadata/partition_spec.h"

namespace earthcatalog::iceberg {

namespace manifest_field {
inline constexpr int kStatus = 0, kSnapshotId = 1, kDataFile = 2, kSequenceNumber = 3, kFileSequenceNumber = 4;
inline constexpr int kFilePath = 100, kFileFormat = 101, kPartition = 102, kRecordCount = 103, kFileSize = 104,
                     kColumnSizes = 108, kValueCounts = 109, kNullValueCounts = 110, kLowerBounds = 125,
                     kUpperBounds = 128, kKeyMetadata = 131, kSplitOffsets = 132, kContent = 134, kEqualityIds = 135,
                     kNanValueCounts = 137, kSortOrderId = 140, kReferencedDataFile = 143;
}  // namespace manifest_field

namespace manifest_list_field {
inline constexpr int kPath = 500, kLength = 501, kSpecId = 502, kAddedSnapshotId = 503, kAddedFiles = 504,
                     kExistingFiles = 505, kDeletedFiles = 506, kPartitions = 507, kContainsNull = 509,
                     kLowerBound = 510, kUpperBound = 511, kAddedRows = 512, kExistingRows = 513, kDeletedRows = 514,
                     kSequenceNumber = 515, kMinSequenceNumber = 516, kContent = 517, kContainsNan = 518,
                     kKeyMetadata = 519;
}  // namespace manifest_list_field

/// With the partition record of `spec`, whose fields are in the spec's order.
std::string manifest_avro_schema(const PartitionSpec& spec, const PartitionLayout& layout, ManifestContent content);
std::string_view manifest_list_avro_schema();

}  // namespace earthcatalog::iceberg
