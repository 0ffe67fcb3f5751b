#include "earthcatalog/config/storage_settings.h"

#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "earthcatalog/config/config_file.h"
#include "earthcatalog/storage/aws/aws_files.h"
#include "earthcatalog/storage/http/trust.h"

namespace earthcatalog::config {
namespace {

template <class T>
void first_of(std::optional<T>& target, std::optional<T> next) {
  if (!target) target = std::move(next);
}

bool is_true(const std::optional<std::string>& text) {
  return text && (*text == "true" || *text == "1" || *text == "yes");
}

std::string read_shared_file(const Environment& environment, const char* variable, std::string_view name_in_home) {
  const auto path = environment(variable).value_or(environment("HOME").value_or("") + std::string(name_in_home));
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What AWS's own files say, for what nothing else says.
void fill_from_aws_files(const Environment& environment, storage::StorageSettings& settings) {
  storage::AwsProfileChoice choice;
  const auto profile = environment("AWS_PROFILE");
  choice.profile = profile ? *profile : environment("AWS_DEFAULT_PROFILE").value_or("default");
  choice.endpoints = !is_true(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
  fill_from_profiles({.credentials = read_shared_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"),
                      .config = read_shared_file(environment, "AWS_CONFIG_FILE", "/.aws/config")},
                     choice, settings);
}

// What was asked for holds for every bucket: the file's sections of single buckets lose what would speak against it.
void let_request_win(const StorageRequest& request, storage::S3Settings& bucket) {
  if (request.endpoint) bucket.endpoint.reset();
  if (request.region) bucket.region.reset();
  if (request.profile) bucket.profile.reset();
  if (request.anonymous) bucket.anonymous.reset();
  if (request.anonymous == true) bucket.profile.reset();  // a bucket's own profile means to sign
  if (request.request_payer) bucket.request_payer.reset();
}

}  // namespace

Result<storage::StorageSettings> storage_settings(const StorageRequest& request, const Environment& environment) {
  EC_ASSIGN_OR_RETURN(auto merged, parse_storage(request.section, "settings"));
  storage::S3Settings& s3 = merged.s3;
  if (request.endpoint) s3.endpoint = request.endpoint;
  if (request.region) s3.region = request.region;
  if (request.profile) s3.profile = request.profile;
  if (request.anonymous) s3.anonymous = request.anonymous;
  if (request.request_payer) s3.request_payer = request.request_payer;
  if (request.io_concurrency) merged.io_concurrency = *request.io_concurrency;
  for (auto& [name, bucket] : merged.buckets) let_request_win(request, bucket);
  if (!is_true(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) {
    first_of(s3.endpoint, environment("AWS_ENDPOINT_URL_S3"));
    first_of(s3.endpoint, environment("AWS_ENDPOINT_URL"));
  }
  first_of(s3.region, environment("AWS_REGION"));
  first_of(s3.region, environment("AWS_DEFAULT_REGION"));
  // AWS_PROFILE and keys are left to the AWS chain, which knows profiles that assume roles.
  if (!s3.anonymous && is_true(environment("AWS_NO_SIGN_REQUEST"))) s3.anonymous = true;
  if (!s3.request_payer && environment("AWS_REQUEST_PAYER")) s3.request_payer = true;
  first_of(merged.ca_bundle, storage::named_bundle(environment));
  if (merged.ca_bundle && !std::ifstream(*merged.ca_bundle)) {  // libcurl would say so without the variables' names
    return fail(ErrorKind::kIOError,
                "the trusted certificates in {} cannot be read: correct AWS_CA_BUNDLE, CURL_CA_BUNDLE or "
                "SSL_CERT_FILE or ca_bundle of the section storage, whichever names that file, or unset it",
                *merged.ca_bundle);
  }
  fill_from_aws_files(environment, merged);
  return merged;
}

}  // namespace earthcatalog::config
