#include "earthcatalog/storage/s3/s3_address.h"

#include "earthcatalog/storage/percent.h"

namespace earthcatalog::storage {
namespace {

// A certificate of *.s3.amazonaws.com covers neither dots nor letters that a host name cannot have.
bool fits_host_name(std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  for (const char c : bucket) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

Result<S3Address> parse_endpoint(std::string_view endpoint) {
  const std::size_t separator = endpoint.find("://");
  const std::string_view scheme = endpoint.substr(0, separator);
  if (separator == endpoint.npos || (scheme != "http" && scheme != "https")) {
    return fail(ErrorKind::kInvalidArgument, "the S3 endpoint '{}' does not begin with http:// or https://", endpoint);
  }
  std::string_view rest = endpoint.substr(separator + 3);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t slash = rest.find('/');
  std::string_view host = rest.substr(0, slash);
  const std::string_view default_port = scheme == "http" ? ":80" : ":443";
  if (host.ends_with(default_port)) host.remove_suffix(default_port.size());
  if (host.empty()) return fail(ErrorKind::kInvalidArgument, "the S3 endpoint '{}' names no host", endpoint);
  return S3Address{.origin = std::string(scheme) + "://",
                   .host = std::string(host),
                   .path = slash == rest.npos ? "" : std::string(rest.substr(slash))};
}

}  // namespace

Result<S3Address> address_of(std::string_view bucket, const S3Settings& settings, std::string_view region) {
  if (bucket.empty() || bucket.find('/') != bucket.npos) {
    return fail(ErrorKind::kInvalidArgument, "'{}' is no name of a bucket", bucket);
  }
  S3Address address;
  if (settings.endpoint) {
    EC_ASSIGN_OR_RETURN(address, parse_endpoint(*settings.endpoint));
  } else {
    const std::string_view tail = region.starts_with("cn-") ? ".cn" : "";
    address = {.origin = "https://", .host = fmt::format("s3.{}.amazonaws.com{}", region, tail), .path = {}};
  }
  const PathStyle style = settings.path_style.value_or(PathStyle::kAutomatic);
  const bool in_path =
      style == PathStyle::kPath || (style == PathStyle::kAutomatic && (settings.endpoint || !fits_host_name(bucket)));
  if (in_path) {
    address.path += "/" + percent_encode(bucket, Slash::kEncode);
  } else {
    address.host = fmt::format("{}.{}", bucket, address.host);
  }
  address.origin += address.host;
  return address;
}

S3Settings settings_of(std::string_view bucket, const StorageSettings& settings) {
  S3Settings result = settings.s3;
  const auto own = settings.buckets.find(std::string(bucket));
  if (own == settings.buckets.end()) return result;
  const auto take = [](auto& member, const auto& value) {
    if (value) member = value;
  };
  const S3Settings& bucket_settings = own->second;
  // Keys go together: a bucket's own access key never meets another's secret, and is meant to be used.
  if (bucket_settings.access_key || bucket_settings.profile) {
    result.access_key = result.secret_key = result.session_token = result.profile = std::nullopt;
    result.anonymous = std::nullopt;
  }
  take(result.endpoint, bucket_settings.endpoint);
  take(result.region, bucket_settings.region);
  take(result.profile, bucket_settings.profile);
  take(result.access_key, bucket_settings.access_key);
  take(result.secret_key, bucket_settings.secret_key);
  take(result.session_token, bucket_settings.session_token);
  take(result.anonymous, bucket_settings.anonymous);
  take(result.request_payer, bucket_settings.request_payer);
  take(result.path_style, bucket_settings.path_style);
  return result;
}

}  // namespace earthcatalog::storage
