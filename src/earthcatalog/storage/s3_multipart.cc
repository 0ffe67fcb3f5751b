// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
#include <nettle/md5.h>

#include <deque>
#include <functional>
#include <future>
#include <pugixml.hpp>
#include <sstream>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/storage/output_stream.h"
#include "earthcatalog/storage/s3_calls.h"
#include "earthcatalog/storage/sigv4.h"

namespace earthcatalog::storage {
namespace {

// S3 takes at most 10,000 parts: they double every 1,000, so that 8 MiB parts reach S3's largest object of 5 TiB.
constexpr std::size_t kPartsBeforeDoubling = 1000;
// Parts on their way while the next one is filled: the writer waits for the network only when it is slower than that.
constexpr std::size_t kPartsAtOnce = 4;

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

// The ETag of the whole object, where the parts' ETags are their MD5s (not so under some encryptions): nothing else.
std::optional<std::string> etag_of_parts(const std::vector<std::string>& parts) {
  md5_ctx context;
  md5_init(&context);
  for (const std::string& part : parts) {
    if (part.size() != 2 * MD5_DIGEST_SIZE) return std::nullopt;
    for (std::size_t i = 0; i < part.size(); i += 2) {
      const int high = hex_digit(part[i]), low = hex_digit(part[i + 1]);
      if (high < 0 || low < 0) return std::nullopt;
      const auto byte = static_cast<std::uint8_t>(high * 16 + low);
      md5_update(&context, 1, &byte);
    }
  }
  std::array<std::uint8_t, MD5_DIGEST_SIZE> digest;
  md5_digest(&context, digest.size(), digest.data());
  return fmt::format("{}-{}", hex(digest), parts.size());
}

// Sends one part; its ETag.
Result<std::string> put_part(S3Client& client, const std::string& key, const std::string& upload_id, std::size_t number,
                             const std::string& bytes) {
  EC_ASSIGN_OR_RETURN(const S3Answer answer,
                      client.send({.method = "PUT",
                                   .key = key,
                                   .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}},
                                   .payload = bytes},
                                  "writing"));
  if (!answer.ok()) return client.refused(answer, "writing", key);
  return std::string(unquoted(answer.reply.header("etag")));
}

class S3Output final : public StoreOutput {
 public:
  S3Output(std::shared_ptr<S3Client> client, std::string key)
      : client_(std::move(client)), key_(std::move(key)), part_bytes_(client_->options().part_bytes) {}
  ~S3Output() override { abandon(); }

 private:
  Status append(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (buffer_.size() == part_bytes_) EC_TRY(send_part());
      const std::string_view now = bytes.substr(0, part_bytes_ - buffer_.size());
      buffer_.append(now);
      bytes.remove_prefix(now.size());
    }
    return {};
  }

  Status finish() override {
    if (upload_id_.empty()) return put_whole();
    if (!buffer_.empty()) EC_TRY(send_part());
    while (!on_their_way_.empty()) EC_TRY(await_part());
    EC_TRY(complete());
    upload_id_.clear();
    return {};
  }

  // Best effort: an upload that stays is invisible, and a life cycle rule of the bucket removes it.
  void discard() override {
    if (upload_id_.empty()) return;
    while (!on_their_way_.empty()) (void)await_part();  // a part that comes after the end would stay
    (void)client_->send({.method = "DELETE", .key = key_, .query = {{"uploadId", upload_id_}}}, "writing");
    upload_id_.clear();
  }

  Status put_whole() {
    EC_ASSIGN_OR_RETURN(const S3Answer answer,
                        client_->send({.method = "PUT", .key = key_, .payload = buffer_}, "writing"));
    if (!answer.ok()) return client_->refused(answer, "writing", key_);
    return {};
  }

  Status start() {
    EC_ASSIGN_OR_RETURN(const S3Answer answer,
                        client_->send({.method = "POST", .key = key_, .query = {{"uploads", ""}}}, "writing"));
    if (!answer.ok()) return client_->refused(answer, "writing", key_);
    pugi::xml_document document;
    document.load_buffer(answer.reply.body.data(), answer.reply.body.size());
    upload_id_ = document.child("InitiateMultipartUploadResult").child_value("UploadId");
    if (!upload_id_.empty()) return {};
    return fail(ErrorKind::kInvalidData, "writing {}: the server began a multipart upload but named no id",
                client_->uri(key_));
  }

  Status send_part() {
    if (upload_id_.empty()) EC_TRY(start());
    if (on_their_way_.size() == kPartsAtOnce) EC_TRY(await_part());
    const std::size_t number = parts_.size() + on_their_way_.size() + 1;
    size_ += buffer_.size();
    on_their_way_.push_back(std::async(std::launch::async, put_part, std::ref(*client_), key_, upload_id_, number,
                                       std::exchange(buffer_, {})));
    if (number % kPartsBeforeDoubling == 0) part_bytes_ *= 2;
    return {};
  }

  // The oldest of the parts on their way.
  Status await_part() {
    auto part = std::move(on_their_way_.front());
    on_their_way_.pop_front();
    const Waiting waiting;
    EC_ASSIGN_OR_RETURN(auto etag, part.get());
    parts_.push_back(std::move(etag));
    return {};
  }

  std::string completion() const {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("CompleteMultipartUpload");
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      pugi::xml_node part = root.append_child("Part");
      part.append_child("PartNumber").append_child(pugi::node_pcdata).set_value(std::to_string(i + 1).c_str());
      part.append_child("ETag").append_child(pugi::node_pcdata).set_value(fmt::format("\"{}\"", parts_[i]).c_str());
    }
    std::ostringstream text;
    document.save(text, "", pugi::format_raw, pugi::encoding_utf8);
    return std::move(text).str();
  }

  Status complete() {
    const std::string body = completion();
    EC_ASSIGN_OR_RETURN(
        const S3Answer answer,
        client_->send({.method = "POST", .key = key_, .query = {{"uploadId", upload_id_}}, .payload = body},
                      "writing"));
    if (answer.ok()) return {};
    if (answer.maybe_done_before && answer.error.code == "NoSuchUpload") {
      EC_ASSIGN_OR_RETURN(const bool there, is_there());
      if (there) return {};
    }
    return client_->refused(answer, "writing", key_);
  }

  // Whether the object is the one that this upload makes: the reply to its completion was lost.
  Result<bool> is_there() {
    EC_ASSIGN_OR_RETURN(const S3Answer answer, client_->send({.method = "HEAD", .key = key_}, "reading"));
    if (!answer.ok()) return false;
    const ObjectInfo info = info_of_reply(key_, answer.reply);
    if (info.size_bytes != static_cast<std::int64_t>(size_)) return false;
    const auto expected = etag_of_parts(parts_);
    return expected ? info.etag == *expected : info.etag.ends_with(fmt::format("-{}", parts_.size()));
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  std::size_t part_bytes_;
  std::string buffer_;
  std::string upload_id_;
  std::deque<std::future<Result<std::string>>> on_their_way_;
  std::vector<std::string> parts_;  // the ETags of those that have come
  std::size_t size_ = 0;            // of the parts sent
};

}  // namespace

std::shared_ptr<arrow::io::OutputStream> make_s3_output(std::shared_ptr<S3Client> client, std::string key) {
  return std::make_shared<S3Output>(std::move(client), std::move(key));
}

}  // namespace earthcatalog::storage
