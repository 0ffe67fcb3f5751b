// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
#include <deque>
#include <functional>
#include <future>
#include <pugixml.hpp>
#include <sstream>
#include <utility>

#include "earthcatalog/base/parallel.h"
#include "earthcatalog/storage/output_stream.h"
#include "earthcatalog/storage/s3/s3_calls.h"

namespace earthcatalog::storage {
namespace {

// S3 takes at most 10,000 parts: they double every 1,000, so that 8 MiB parts reach S3's largest object of 5 TiB.
constexpr std::size_t kPartsBeforeDoubling = 1000;
// Parts on their way while the next one is filled: the writer waits for the network only when it is slower than that.
constexpr std::size_t kPartsAtOnce = 4;

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
  S3Output(std::shared_ptr<S3Client> client, std::string key, Existing existing)
      : client_(std::move(client)),
        key_(std::move(key)),
        existing_(existing),
        part_bytes_(client_->options().part_bytes) {}
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
    if (existing_ == Existing::kRefuse) {
      EC_ASSIGN_OR_RETURN(const PutResult created, create_s3(*client_, key_, buffer_));
      return created.stored ? Status{} : already_there(client_->uri(key_));
    }
    EC_ASSIGN_OR_RETURN(const S3Answer answer,
                        client_->send({.method = "PUT", .key = key_, .payload = buffer_}, "writing"));
    if (!answer.ok()) return client_->refused(answer, "writing", key_);
    return {};
  }

  Status start() {
    EC_ASSIGN_OR_RETURN(
        const S3Answer answer,
        client_->send({.method = "POST", .key = key_, .query = {{"uploads", ""}}, .headers = {mark_}}, "writing"));
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
    S3Bucket::Spec spec{.method = "POST", .key = key_, .query = {{"uploadId", upload_id_}}, .payload = body};
    if (existing_ == Existing::kRefuse) spec.headers = {kIfNoneMatch};
    EC_ASSIGN_OR_RETURN(S3Answer answer, client_->send(spec, "writing"));
    if (answer.error.status == 501 && existing_ == Existing::kRefuse) {  // the server knows no conditions
      spec.headers.clear();
      EC_ASSIGN_OR_RETURN(answer, client_->send(spec, "writing"));
    }
    if (answer.ok()) return {};
    // The reply to an earlier completion may have been lost: then it is our own object that is there.
    const bool lost_race = existing_ == Existing::kRefuse && is_lost_race(answer);
    if (lost_race || (answer.maybe_done_before && answer.error.code == "NoSuchUpload")) {
      EC_ASSIGN_OR_RETURN(const bool ours, is_marked(*client_, key_, mark_));
      if (ours) return {};
    }
    if (lost_race) return already_there(client_->uri(key_));
    return client_->refused(answer, "writing", key_);
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const Existing existing_;
  const std::pair<std::string, std::string> mark_ = new_write_mark();
  std::size_t part_bytes_;
  std::string buffer_;
  std::string upload_id_;
  std::deque<std::future<Result<std::string>>> on_their_way_;
  std::vector<std::string> parts_;  // the ETags of those that have come
};

}  // namespace

std::shared_ptr<arrow::io::OutputStream> make_s3_output(std::shared_ptr<S3Client> client, std::string key,
                                                        Existing existing) {
  return std::make_shared<S3Output>(std::move(client), std::move(key), existing);
}

}  // namespace earthcatalog::storage
