#include "earthcatalog/storage/aws/credentials.h"

#include <arrow/filesystem/s3fs.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "earthcatalog/base/mutex.h"
#include "earthcatalog/storage/aws/aws_files.h"

namespace earthcatalog::storage {
namespace {

// Fills what `keys` lacks from the section `[heading]` of a shared AWS file.
void read_keys(std::string_view file, std::string_view heading, AwsCredentials& keys) {
  const auto fill = [](std::string& member, std::string_view value) {
    if (member.empty()) member = value;
  };
  for_each_line(file, heading, [&](const AwsLine& line) {
    if (line.name == "aws_access_key_id") fill(keys.access_key, line.value);
    if (line.name == "aws_secret_access_key") fill(keys.secret_key, line.value);
    if (line.name == "aws_session_token") fill(keys.session_token, line.value);
  });
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string shared_file(const char* variable, std::string_view name_in_home) {
  std::string path = environment(variable);
  if (path.empty()) path = environment("HOME") + std::string(name_in_home);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<AwsCredentials> ask_aws_sdk() {
  if (const auto status = arrow::fs::EnsureS3Initialized(); !status.ok()) {
    return fail(ErrorKind::kIOError, "starting the AWS SDK for its credentials chain: {}", status.message());
  }
  // The three getters ask the provider anew each time: read until they belong together.
  const arrow::fs::S3Options options = arrow::fs::S3Options::Defaults();
  AwsCredentials result{.access_key = options.GetAccessKey(), .secret_key = {}, .session_token = {}};
  for (int attempt = 0; result.found() && attempt < 3; ++attempt) {
    result.secret_key = options.GetSecretKey();
    result.session_token = options.GetSessionToken();
    const std::string again = options.GetAccessKey();
    if (again == result.access_key) break;
    result.access_key = again;
  }
  return result;
}

Result<AwsCredentials> ask_profile(const std::string& profile) {
  const AwsCredentials keys = keys_of_profile(shared_file("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"),
                                              shared_file("AWS_CONFIG_FILE", "/.aws/config"), profile);
  if (keys.found() && !keys.secret_key.empty()) return keys;
  if (environment("AWS_PROFILE") == profile) return ask_aws_sdk();
  return fail(ErrorKind::kInvalidArgument,
              "profile '{}' has no aws_access_key_id and aws_secret_access_key in the shared AWS files; for a profile "
              "that assumes a role or logs in by SSO, set AWS_PROFILE={} in the environment as well",
              profile, profile);
}

class AwsChain : public CredentialChain {
 public:
  Result<AwsCredentials> credentials(std::string_view profile, Ask ask) override {
    const MutexLock lock(mutex_);
    const std::string name(profile);
    if (const auto kept = kept_.find(name); kept != kept_.end() && ask == Ask::kKept) return kept->second;
    EC_ASSIGN_OR_RETURN(AwsCredentials found, name.empty() ? ask_aws_sdk() : ask_profile(name));
    kept_[name] = found;
    return found;
  }

 private:
  Mutex mutex_;
  std::map<std::string, AwsCredentials> kept_ EC_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<CredentialChain> make_aws_chain() { return std::make_shared<AwsChain>(); }

AwsCredentials keys_of_profile(std::string_view credentials_file, std::string_view config_file,
                               std::string_view profile) {
  AwsCredentials keys;
  read_keys(credentials_file, profile, keys);
  if (keys.found()) return keys;
  read_keys(config_file, config_heading(profile), keys);
  return keys;
}

S3Runtime::~S3Runtime() {
  if (arrow::fs::IsS3Initialized()) (void)arrow::fs::EnsureS3Finalized();
}

}  // namespace earthcatalog::storage
