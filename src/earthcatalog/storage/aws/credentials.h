// Keys of AWS and where they come from when the settings hold none.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"

namespace earthcatalog::storage {

struct AwsCredentials {
  std::string access_key;  ///< empty: none were found
  std::string secret_key;
  std::string session_token;

  bool operator==(const AwsCredentials&) const = default;
  bool found() const { return !access_key.empty(); }
};

/// Thread-safe. Answers are kept: many buckets ask once.
class CredentialChain {
 public:
  virtual ~CredentialChain() = default;
  enum class Ask { kKept, kAnew };  ///< kAnew: because those that were given have expired

  /// `profile` names a section of the shared AWS files; empty: what the AWS tools would use here.
  virtual Result<AwsCredentials> credentials(std::string_view profile, Ask ask) = 0;
};

/// AWS's own chain (environment, shared files, web identity, container, instance), as the AWS SDK inside Arrow walks
/// it. A named profile must hold keys; one that assumes a role or logs in by SSO works as AWS_PROFILE only.
std::shared_ptr<CredentialChain> make_aws_chain();

/// The keys that `profile` holds in the two shared files, whose texts are given. None found is no error.
AwsCredentials keys_of_profile(std::string_view credentials_file, std::string_view config_file,
                               std::string_view profile);

/// Ends the AWS SDK, which the chain starts when first asked, before the process's static objects go: one in main(),
/// outliving every store. Without it a process may crash at exit.
class S3Runtime {
 public:
  S3Runtime() = default;
  ~S3Runtime();
  S3Runtime(const S3Runtime&) = delete;
  S3Runtime& operator=(const S3Runtime&) = delete;
};

}  // namespace earthcatalog::storage
