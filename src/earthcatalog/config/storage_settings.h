// How buckets are reached: what was asked for, over the configuration file, over the names and files of AWS's tools.
//
//     const StorageRequest request{.region = "us-west-2", .section = "buckets: {open: {anonymous: true}}"};
//     EC_ASSIGN_OR_RETURN(const auto settings, storage_settings(request, environment));
//     storage::Stores stores(settings);
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "earthcatalog/result.h"
#include "earthcatalog/storage/stores.h"

namespace earthcatalog::config {

/// What was asked for; holds for every bucket.
struct StorageRequest {
  std::optional<std::string> endpoint, region, profile;
  std::optional<bool> anonymous, request_payer;
  std::string section;  ///< the section `storage` of the configuration file, as YAML
  std::optional<int> io_concurrency;
};

/// The value of a variable of the environment; nothing when it is not set, or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;

/// Returns the request over the section (its buckets too) over the names of AWS's tools in the environment:
/// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_NO_SIGN_REQUEST, AWS_REQUEST_PAYER; and
/// these over the profile of AWS's shared files (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE): its region
/// and endpoint. Reads those files, and no variable but by `environment`. kInvalidArgument for a section that makes no
/// sense. Safe to call from many threads at once if `environment` is.
Result<storage::StorageSettings> storage_settings(const StorageRequest& request, const Environment& environment);

}  // namespace earthcatalog::config
