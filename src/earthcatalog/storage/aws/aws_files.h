// The shared files of AWS's tools (~/.aws/config, ~/.aws/credentials): what a profile says of how S3 is reached.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "earthcatalog/storage/stores.h"

namespace earthcatalog::storage {

/// The texts of the two files; empty where there is none.
struct AwsFiles {
  std::string credentials, config;
};

/// One line "name = value" of a file. `parent` is the name above it when the line is indented below a name without a
/// value ("s3 =").
struct AwsLine {
  std::string_view parent, name, value;
};

/// Calls `visit` for the lines of the section `[heading]`.
void for_each_line(std::string_view file, std::string_view heading, const std::function<void(const AwsLine&)>& visit);

/// "default" or "profile name": the heading of a profile in the config file.
std::string config_heading(std::string_view profile);

/// The profile that holds where the settings name none, and whether its endpoints count
/// (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says that they do not).
struct AwsProfileChoice {
  std::string profile = "default";
  bool endpoints = true;
};

/// Fills the endpoint (`endpoint_url` of the section that `services` names, else of the profile) and the `region` where
/// `settings` leave them open; for a bucket with a profile of its own, from that one.
void fill_from_profiles(const AwsFiles& files, const AwsProfileChoice& choice, StorageSettings& settings);

}  // namespace earthcatalog::storage
