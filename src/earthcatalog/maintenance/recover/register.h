// A lost catalog file is made anew from what lies in the warehouse (docs/commands/register.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/metadata_search.h"
#include "earthcatalog/maintenance/recover/reconstruct.h"
#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::maintenance {

struct RegisterSpec {
  catalog::CatalogOptions catalog;  ///< names, run id, lock, and the grid for a table that is reconstructed
  std::string table_uuid;           ///< which table, of a warehouse that holds several; empty: the only one
  bool replace = false;             ///< although the catalog has the table already
  bool reconstruct = false;         ///< from the data files although there are metadata
  bool rewrite = false;             ///< ReconstructSpec::rewrite
  bool dry_run = false;
  std::size_t workers = 1;
};

struct RegisterReport {
  std::string run_id;
  bool dry_run = false;
  std::string catalog, warehouse;       ///< full URIs
  std::optional<std::string> replaced;  ///< what the catalog pointed to before
  std::string metadata;                 ///< what it points to now; empty after a dry run that would reconstruct
  std::optional<std::int64_t> snapshot_id;
  std::int64_t snapshots = 0, files = 0, rows = 0, bytes = 0;  ///< of the table
  std::vector<catalog::PassedOver> passed_over;                ///< newer metadata that cannot be used
  std::vector<std::string> notes;                              ///< what else is not as it should be
  std::optional<Reconstruction> reconstructed;
  double seconds = 0;
};

/// Fills `report` also when it fails. kNotFound: the warehouse holds neither metadata nor data files; nothing is
/// created. kAlreadyExists: the catalog has a readable table, and `replace` was not given. kInvalidData: a file in the
/// catalog's place that is no catalog; metadata that can be read, but not all that their current snapshot names; and
/// what reconstruct() says. kLocked. kConflict: another process changed the catalog.
Status run_register(storage::Stores& stores, const RegisterSpec& spec, RegisterReport& report);

std::string to_json(const RegisterReport& report);
std::string to_text(const RegisterReport& report);

}  // namespace earthcatalog::maintenance
