// What a real server does not do on demand: failures, lost replies, redirects. The rules: docs/guide/storage.md.
#include "earthcatalog/storage/s3/s3_store.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>

#include "earthcatalog/storage/arrow_status.h"
#include "support/script_server.h"

namespace earthcatalog::storage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing_support::ScriptReply;
using testing_support::ScriptRequest;
using testing_support::ScriptServer;

using Headers = decltype(ScriptReply::headers);

std::string error_body(std::string_view code, std::string_view extra = "") {
  return fmt::format(
      "<?xml version=\"1.0\"?><Error><Code>{}</Code><Message>m</Message><RequestId>R1</RequestId>{}</Error>", code,
      extra);
}

ScriptReply object(std::string bytes) {
  return {.status = 200,
          .body = std::move(bytes),
          .headers = {{"ETag", "\"e1\""}, {"Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"}}};
}

ScriptReply error(int status, std::string_view code, Headers headers = {}) {
  return {.status = status, .body = error_body(code), .headers = std::move(headers)};
}

const ScriptReply kHangUp{.reset = true};

// The mark of a write that must not overwrite.
constexpr const char* kMark = "x-amz-meta-earthcatalog-write";
constexpr const char* kLastMark = "(that of the last write)";
const ScriptReply kOurs{.status = 200, .body = "x", .headers = {{kMark, kLastMark}}};
const ScriptReply kTheirs{.status = 200, .body = "x", .headers = {{kMark, "another"}}};

// Plays replies in order, the last one for ever, to a store that waits in no time.
class S3StoreTest : public testing::Test {
 protected:
  ObjectStore& play(std::deque<ScriptReply> replies) {
    script_ = std::move(replies);
    server_.emplace([this](const ScriptRequest& request) {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      ScriptReply reply = script_.front();
      if (script_.size() > 1) script_.pop_front();
      if (const auto mark = request.headers.find(kMark); mark != request.headers.end()) mark_ = mark->second;
      for (auto& [name, value] : reply.headers) value = value == kLastMark ? mark_ : value;
      return reply;
    });
    return connect(server_->endpoint());
  }

  ObjectStore& connect(const std::string& endpoint) {
    StorageSettings settings;
    settings.s3.endpoint = endpoint;
    settings.s3.access_key = "key";
    settings.s3.secret_key = "secret";
    S3Options options;
    options.http = {.connect_seconds = 2, .stall_seconds = 1};
    options.part_bytes = 1000;
    options.retry.sleep = [this](double seconds) { waits_.push_back(seconds); };
    store_ = std::make_unique<S3Store>("bucket", *S3Bucket::make("bucket", settings), options);
    return *store_;
  }

  int requests() const { return server_->requests(); }

  std::optional<ScriptServer> server_;
  std::unique_ptr<S3Store> store_;
  std::mutex mutex_;
  std::deque<ScriptReply> script_;
  std::vector<ScriptRequest> seen_;
  std::string mark_;
  std::vector<double> waits_;
};

TEST_F(S3StoreTest, RepeatsTransientErrors) {
  ScriptReply half = object("the whole body");
  half.cut_after = half.body.size() - 5;
  auto& store = play({kHangUp,
                      error(503, "SlowDown"),
                      half,
                      {.status = 200, .body = "ended within the header", .cut_header_after = 20},
                      {.status = 200, .body = error_body("InternalError")},
                      error(400, "RequestTimeout"),
                      {.status = 429},
                      {.status = 502, .body = "<html>"},
                      object("bytes")});
  const auto result = store.get("k");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ((*result)->bytes, "bytes");
  EXPECT_EQ((*result)->info.etag, "e1");
  EXPECT_EQ((*result)->info.last_modified, 1369353600LL * kMicrosPerSecond);
  EXPECT_EQ(requests(), 9);
  ASSERT_EQ(waits_.size(), 8u);
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    const double longest = std::min(20.0, 0.5 * static_cast<double>(1 << i));
    EXPECT_GE(waits_[i], longest / 2);
    EXPECT_LE(waits_[i], longest);
  }
}

TEST_F(S3StoreTest, RetryAfterIsHonoured) {
  auto& store = play({error(503, "SlowDown", {{"Retry-After", "7"}}), object("x")});
  EXPECT_TRUE(store.get("k").has_value());
  EXPECT_THAT(waits_, ElementsAre(7.0));
}

TEST_F(S3StoreTest, PatienceEnds) {
  auto& store = play({error(503, "SlowDown", {{"x-amz-request-id", "ID7"}})});
  const auto result = store.get("a/k");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(result.error().message, HasSubstr("reading s3://bucket/a/k: 503 SlowDown (request id ID7)"));
  double sum = 0;
  for (const double wait : waits_) sum += wait;
  EXPECT_LE(sum, 180);
  EXPECT_GT(sum, 100);
}

TEST_F(S3StoreTest, RefusalsAreNotRepeated) {
  auto& store = play({error(403, "AccessDenied")});
  const auto put = store.put("k", "x");
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().kind, ErrorKind::kPermissionDenied);
  EXPECT_THAT(put.error().message, AllOf(HasSubstr("writing s3://bucket/k: 403 AccessDenied (request id R1): m; "),
                                         HasSubstr("s3:PutObject"), Not(HasSubstr("anonymous"))));
  EXPECT_EQ(requests(), 1);
}

TEST_F(S3StoreTest, AReadIsTriedUnsignedOnce) {
  auto& store = play({error(403, "InvalidAccessKeyId"), object("public"), object("again")});
  EXPECT_EQ((*store.get("k"))->bytes, "public");
  EXPECT_EQ((*store.get("k"))->bytes, "again");
  EXPECT_EQ(seen_[0].headers.count("authorization"), 1u);
  EXPECT_EQ(seen_[1].headers.count("authorization"), 0u);
  EXPECT_EQ(seen_[2].headers.count("authorization"), 0u);
}

TEST_F(S3StoreTest, TheRegionIsFollowed) {
  auto& store = play({error(301, "PermanentRedirect", {{"x-amz-bucket-region", "eu-west-1"}}), object("x")});
  EXPECT_TRUE(store.get("k").has_value());
  EXPECT_THAT(seen_[0].headers["authorization"], HasSubstr("/us-east-1/s3/"));
  EXPECT_THAT(seen_[1].headers["authorization"], HasSubstr("/eu-west-1/s3/"));
  EXPECT_TRUE(waits_.empty());
}

TEST_F(S3StoreTest, TheClockIsCorrected) {
  auto& store = play({error(403, "RequestTimeTooSkewed", {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}}), object("x")});
  EXPECT_TRUE(store.get("k").has_value());
  EXPECT_THAT(seen_[1].headers["x-amz-date"], testing::StartsWith("20130524T0000"));
}

TEST_F(S3StoreTest, UnreachableServerIsUnavailable) {
  std::string endpoint;
  {
    ScriptServer gone([](const ScriptRequest&) { return ScriptReply{}; });
    endpoint = gone.endpoint();
  }
  const auto result = connect(endpoint).get("k");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::kIOError);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("reading s3://bucket/k: " + endpoint), HasSubstr("`endpoint`")));
  EXPECT_EQ(waits_.size(), 2u);
}

TEST_F(S3StoreTest, WaitsForAServerThatAnsweredBefore) {
  auto& store = play({object("x")});
  ASSERT_TRUE(store.get("k").has_value());
  server_.reset();
  ASSERT_FALSE(store.get("k").has_value());
  double sum = 0;
  for (const double wait : waits_) sum += wait;
  EXPECT_GT(sum, 100);
}

TEST_F(S3StoreTest, ARefusedHeadIsAskedForItsReason) {
  auto& store = play({{.status = 403}, {.status = 403}, {.status = 403}, error(403, "SignatureDoesNotMatch")});
  const auto result = store.head("k");
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message,
              AllOf(HasSubstr("403 SignatureDoesNotMatch"), HasSubstr("AWS_SECRET_ACCESS_KEY")));
  EXPECT_EQ(seen_.back().method, "GET");
  EXPECT_EQ(seen_.back().headers["range"], "bytes=0-0");
}

TEST_F(S3StoreTest, HeadSucceedsAfterItsReasonIsKnown) {
  ScriptReply found = object("0123");
  auto& store = play({{.status = 400},
                      error(400, "AuthorizationHeaderMalformed", {{"x-amz-bucket-region", "eu-west-1"}}),
                      {.status = 206, .body = "0", .headers = {{"ETag", "\"e1\""}}},
                      found});
  const auto result = store.head("k");
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ((*result)->size_bytes, 4);
  EXPECT_THAT(seen_.back().headers["authorization"], HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3StoreTest, AStalledReplyIsGivenUpAndRepeated) {
  ScriptReply slow = object("late");
  slow.delay = std::chrono::seconds(4);
  auto& store = play({slow, object("in time")});
  EXPECT_EQ((*store.get("k"))->bytes, "in time");
}

TEST_F(S3StoreTest, ConnectionsAreKept) {
  auto& store = play({object("x")});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store.get("k").has_value());
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(S3StoreTest, ConnectionsAreKeptByConditionalWritesToo) {
  auto& store = play({object("")});
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(store.put_if_absent("k", "x").has_value());
    ASSERT_TRUE(store.put_if_match("k", "x", "e1").has_value());
    ASSERT_TRUE(store.remove(std::vector<std::string>{"a", "b"}).has_value());
  }
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(S3StoreTest, AMissingBucketIsNoMissingObject) {
  auto& store = play({error(404, "NoSuchBucket")});
  const auto result = store.get("k");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(result.error().message, HasSubstr("check the bucket's name"));
}

TEST_F(S3StoreTest, RecognisesEveryNameOfALostRace) {
  EXPECT_FALSE(play({error(412, "PreconditionFailed")}).put_if_absent("k", "x")->stored);
  EXPECT_EQ(requests(), 1) << "a clear answer needs no check";
  EXPECT_FALSE(play({error(409, "ConditionalRequestConflict")}).put_if_absent("k", "x")->stored);
  EXPECT_FALSE(play({error(404, "NoSuchKey")}).put_if_match("k", "x", "e")->stored);
  EXPECT_EQ(play({error(404, "NoSuchBucket")}).put_if_match("k", "x", "e").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(play({error(501, "NotImplemented")}).put_if_absent("k", "x").error().kind, ErrorKind::kUnsupported);
}

TEST_F(S3StoreTest, AWriteWhoseReplyWasLostIsRecognised) {
  for (const ScriptReply& unclear : {kHangUp, error(500, "InternalError")}) {
    auto& store = play({unclear, error(412, "PreconditionFailed"), object("mine")});
    const auto result = store.put_if_match("k", "mine", "e0");
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_TRUE(result->stored);
    EXPECT_EQ(result->etag, "e1");
    EXPECT_EQ(seen_.back().method, "GET");
    EXPECT_FALSE(
        play({unclear, error(412, "PreconditionFailed"), object("theirs")}).put_if_absent("k", "mine")->stored);
    EXPECT_FALSE(
        play({unclear, error(404, "NoSuchKey"), error(404, "NoSuchKey")}).put_if_match("k", "mine", "e")->stored);
  }
}

TEST_F(S3StoreTest, ARemovalCanHaveACondition) {
  EXPECT_EQ(play({error(412, "PreconditionFailed")}).remove_if_match("k", "abc"), false);
  EXPECT_EQ(seen_[0].method, "DELETE");
  EXPECT_EQ(seen_[0].headers["if-match"], "\"abc\"");
  EXPECT_EQ(play({error(409, "ConditionalRequestConflict")}).remove_if_match("k", "abc"), false);
  EXPECT_EQ(play({error(404, "NoSuchKey")}).remove_if_match("k", "abc"), true);
  EXPECT_EQ(play({error(403, "AccessDenied")}).remove_if_match("k", "abc").error().kind, ErrorKind::kPermissionDenied);
  EXPECT_EQ(play({error(501, "NotImplemented"), object("")}).remove_if_match("k", "abc"), true);
  EXPECT_EQ(seen_.back().headers.count("if-match"), 0) << "a server that refuses the condition does without";
}

// libcurl repeats by itself what a kept connection swallows.
TEST_F(S3StoreTest, ALostReplyOnAKeptConnectionIsSeen) {
  auto& store = play({object("old"), kHangUp, error(412, "PreconditionFailed"), object("mine")});
  ASSERT_TRUE(store.get("k").has_value());
  EXPECT_TRUE(store.put_if_match("k", "mine", "e0")->stored);
}

TEST_F(S3StoreTest, ConditionsAreSentAndSigned) {
  auto& store = play({object("")});
  EXPECT_TRUE(store.put_if_match("k", "x", "abc")->stored);
  EXPECT_EQ(seen_[0].headers["if-match"], "\"abc\"");
  EXPECT_THAT(seen_[0].headers["authorization"], HasSubstr("SignedHeaders=host;if-match;"));
  EXPECT_TRUE(store.put_if_absent("k", "x")->stored);
  EXPECT_EQ(seen_[1].headers["if-none-match"], "*");
  EXPECT_EQ(seen_[1].body, "x");
}

ScriptReply copied(std::string_view content = "<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>") {
  return {.status = 200, .body = std::string(content), .headers = {}};
}

TEST_F(S3StoreTest, TheServerCopies) {
  auto& store = play({copied()});
  EXPECT_TRUE(store.copy("a/b c+d", "k").value());
  EXPECT_EQ(requests(), 1);
  EXPECT_EQ(seen_[0].method, "PUT");
  EXPECT_EQ(seen_[0].path, "/bucket/k");
  EXPECT_EQ(seen_[0].headers["x-amz-copy-source"], "/bucket/a/b%20c%2Bd");
  EXPECT_THAT(seen_[0].headers["authorization"], HasSubstr("x-amz-copy-source"));
  EXPECT_FALSE(play({error(404, "NoSuchKey")}).copy("a", "k").value());
  EXPECT_EQ(requests(), 2) << "it was looked for";
}

// The first passes through here; then the server shows whether it honours the condition.
TEST_F(S3StoreTest, UsesConditionalCopyOnceTheServerHonoursIt) {
  const ScriptReply whole{
      .status = 206, .body = "01234", .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 0-4/5"}}};
  const ScriptReply missing = error(404, "NoSuchKey"), taken = error(412, "PreconditionFailed");
  auto& honest = play({whole, missing, object(""), taken, kTheirs, copied(), taken, kTheirs, kHangUp, taken, kOurs});
  EXPECT_TRUE(honest.copy("a", "k", Existing::kRefuse).value());
  EXPECT_EQ(requests(), 5);
  EXPECT_TRUE(honest.copy("a", "k2", Existing::kRefuse).value());
  EXPECT_EQ(requests(), 6);
  EXPECT_EQ(seen_.back().headers["if-none-match"], "*");
  EXPECT_EQ(honest.copy("a", "k2", Existing::kRefuse).error().kind, ErrorKind::kAlreadyExists);
  EXPECT_TRUE(honest.copy("a", "k3", Existing::kRefuse).value()) << "the reply was lost";
  auto& careless = play({whole, missing, object(""), copied(), whole, missing, object("")});
  EXPECT_TRUE(careless.copy("a", "k", Existing::kRefuse).value());
  EXPECT_TRUE(careless.copy("a", "k2", Existing::kRefuse).value());
  EXPECT_EQ(seen_.back().headers.count("x-amz-copy-source"), 0);
}

TEST_F(S3StoreTest, RepeatsACopyThatFailedWithStatus200) {
  EXPECT_TRUE(play({{.status = 200, .body = error_body("InternalError")}, copied()}).copy("a", "k").value());
  EXPECT_EQ(requests(), 2);
}

TEST_F(S3StoreTest, CopiesThroughTheClientWhenTheServerCannot) {
  const ScriptReply whole{
      .status = 206, .body = "01234", .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 0-4/5"}}};
  for (const ScriptReply& refusal :
       {error(501, "NotImplemented"), error(400, "InvalidRequest"), error(403, "AccessDenied"), error(404, "NoSuchKey"),
        copied(""), copied("<CopyObjectResult/>")}) {
    seen_.clear();
    EXPECT_TRUE(play({refusal, whole, object("")}).copy("a", "k").value());
    ASSERT_EQ(seen_.size(), 3u) << refusal.status;
    EXPECT_EQ(seen_[1].method + seen_[1].path, "GET/bucket/a");
    EXPECT_EQ(seen_[2].method + seen_[2].path, "PUT/bucket/k");
    EXPECT_EQ(seen_[2].body, "01234");
  }
}

TEST_F(S3StoreTest, OnlyTheKeysThatFailedAreRemovedAgain) {
  auto& store =
      play({{.status = 200,
             .body = "<DeleteResult><Error><Key>b &amp; c</Key><Code>InternalError</Code></Error></DeleteResult>"},
            {.status = 200, .body = "<DeleteResult/>"}});
  ASSERT_TRUE(store.remove(std::vector<std::string>{"a", "b & c"}).has_value());
  ASSERT_EQ(requests(), 2);
  EXPECT_EQ(seen_[0].path, "/bucket/?delete=");
  EXPECT_THAT(seen_[0].body, HasSubstr("<Key>a</Key>"));
  EXPECT_EQ(seen_[0].headers.count("content-md5"), 1u);
  EXPECT_THAT(seen_[1].body, Not(HasSubstr("<Key>a</Key>")));
  EXPECT_THAT(seen_[1].body, HasSubstr("<Key>b &amp; c</Key>"));
}

TEST_F(S3StoreTest, ARefusedRemovalNamesTheKey) {
  auto& store = play(
      {{.status = 200, .body = "<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>"}});
  const Status status = store.remove(std::vector<std::string>{"a", "b"});
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::kPermissionDenied);
  EXPECT_THAT(status.error().message, HasSubstr("s3://bucket/b"));
}

TEST_F(S3StoreTest, KeysThatXmlCannotHoldAreRemovedOneByOne) {
  auto& store = play({{.status = 204}});
  ASSERT_TRUE(store.remove(std::vector<std::string>{"a\x01", "b\n"}).has_value());
  EXPECT_EQ(seen_[0].method, "DELETE");
  EXPECT_EQ(seen_[0].path, "/bucket/a%01");
  EXPECT_EQ(seen_[1].path, "/bucket/b%0A");
}

TEST_F(S3StoreTest, MalformedListingIsAnError) {
  const auto list = [](ObjectStore& store) {
    return store.list("p", [](const ObjectInfo&) -> Status { return {}; }).error().message;
  };
  EXPECT_THAT(list(play({{.status = 200, .body = "<html>login</html>"}})), HasSubstr("no listing"));
  EXPECT_THAT(
      list(play({{.status = 200, .body = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}})),
      HasSubstr("not how to go on"));
  EXPECT_THAT(
      list(play({{.status = 200,
                  .body = "<ListBucketResult><Contents><Key>k</Key><Size>many</Size></Contents></ListBucketResult>"}})),
      HasSubstr("'many'"));
}

TEST_F(S3StoreTest, ListedKeysAreDecoded) {
  auto& store =
      play({{.status = 200,
             .body = "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a%2Bb+c%0A</Key><Size>5</Size>"
                     "<ETag>&quot;e&quot;</ETag><LastModified>2013-05-24T00:00:00.000Z</LastModified></Contents>"
                     "</ListBucketResult>"}});
  std::vector<ObjectInfo> infos;
  ASSERT_TRUE(store
                  .list("a+",
                        [&](const ObjectInfo& info) -> Status {
                          infos.push_back(info);
                          return {};
                        })
                  .has_value());
  ASSERT_EQ(infos.size(), 1u);
  EXPECT_EQ(infos[0].key, "a+b c\n");
  EXPECT_EQ(infos[0].etag, "e");
  EXPECT_EQ(infos[0].last_modified, 1369353600LL * kMicrosPerSecond);
  EXPECT_THAT(seen_[0].path, HasSubstr("prefix=a%2B"));
}

const ScriptReply kStarted{
    .status = 200, .body = "<InitiateMultipartUploadResult><UploadId>U 1</UploadId></InitiateMultipartUploadResult>"};
const ScriptReply kPart{.status = 200, .headers = {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}}};
const ScriptReply kCompleted{.status = 200, .body = "<CompleteMultipartUploadResult/>"};

arrow::Status write(ObjectStore& store, std::size_t size, Existing existing = Existing::kReplace) {
  auto output = *store.open_output("k", existing);
  const std::string bytes(size, 'x');
  ARROW_RETURN_NOT_OK(output->Write(bytes.data(), static_cast<std::int64_t>(size)));
  return output->Close();
}

TEST_F(S3StoreTest, SmallOutputIsOnePut) {
  EXPECT_TRUE(write(play({kPart}), 1000).ok());
  EXPECT_EQ(requests(), 1);
  EXPECT_EQ(seen_[0].method, "PUT");
}

TEST_F(S3StoreTest, LargeOutputIsMultipart) {
  EXPECT_TRUE(write(play({kStarted, kPart, kPart, kCompleted}), 1500).ok());
  ASSERT_EQ(requests(), 4);
  std::ranges::sort(seen_.begin() + 1, seen_.begin() + 3, {}, &ScriptRequest::path);  // they go side by side
  EXPECT_EQ(seen_[1].path, "/bucket/k?partNumber=1&uploadId=U%201");
  EXPECT_EQ(seen_[2].body.size(), 500u);
  EXPECT_THAT(seen_[3].body,
              HasSubstr("<Part><PartNumber>2</PartNumber><ETag>\"900150983cd24fb0d6963f7d28e17f72\"</ETag></Part>"));
}

TEST_F(S3StoreTest, PartsWaitSideBySide) {
  ScriptReply slow = kPart;
  slow.delay = std::chrono::milliseconds(100);
  EXPECT_TRUE(write(play({kStarted, slow, slow, slow, slow, slow, slow, kCompleted}), 6000).ok());
  EXPECT_EQ(requests(), 8);
  EXPECT_EQ(server_->most_at_once(), 4);
}

TEST_F(S3StoreTest, AFailedPartAbortsTheUpload) {
  const auto status = write(play({kStarted, error(403, "AccessDenied"), {.status = 204}}), 1500);
  EXPECT_THAT(status.ToString(), HasSubstr("writing s3://bucket/k: 403 AccessDenied"));
  EXPECT_EQ(from_arrow(status).kind, ErrorKind::kPermissionDenied);
  EXPECT_EQ(seen_.back().method, "DELETE");
  EXPECT_EQ(seen_.back().path, "/bucket/k?uploadId=U%201");
}

TEST_F(S3StoreTest, RepeatsACompletionThatFailedWithStatus200) {
  EXPECT_TRUE(
      write(play({kStarted, kPart, kPart, {.status = 200, .body = error_body("InternalError")}, kCompleted}), 1500)
          .ok());
  EXPECT_EQ(requests(), 5);
}

TEST_F(S3StoreTest, ACompletionWhoseReplyWasLostIsRecognised) {
  const ScriptReply gone = error(404, "NoSuchUpload");
  EXPECT_TRUE(write(play({kStarted, kPart, kPart, kHangUp, gone, kOurs}), 1500).ok());
  EXPECT_FALSE(write(play({kStarted, kPart, kPart, kHangUp, gone, kTheirs}), 1500).ok());
  EXPECT_FALSE(write(play({kStarted, kPart, kPart, gone}), 1500).ok()) << "nothing was unclear";
}

TEST_F(S3StoreTest, CreationIsConditionalAndMarked) {
  EXPECT_TRUE(play({object("")}).put("k", "x", Existing::kRefuse)->stored);
  EXPECT_EQ(seen_[0].headers["if-none-match"], "*");
  EXPECT_EQ(seen_[0].headers[kMark].size(), 32u);
  EXPECT_TRUE(store_->put("k2", "x", Existing::kRefuse)->stored);
  EXPECT_NE(seen_[1].headers[kMark], seen_[0].headers[kMark]);
  EXPECT_EQ(server_->connections(), 1) << "what is recognised may be repeated unseen";
}

TEST_F(S3StoreTest, ACreationWhoseReplyWasLostIsRecognised) {
  for (const ScriptReply& refusal : {error(412, "PreconditionFailed"), error(409, "ConditionalRequestConflict")}) {
    EXPECT_TRUE(play({kHangUp, refusal, kOurs}).put("k", "x", Existing::kRefuse)->stored);
    EXPECT_EQ(seen_.back().method, "HEAD");
    EXPECT_TRUE(play({error(500, "InternalError"), refusal, kOurs}).put("k", "x", Existing::kRefuse)->stored);
    EXPECT_FALSE(play({kHangUp, refusal, kTheirs}).put("k", "x", Existing::kRefuse)->stored) << "of the same bytes";
    EXPECT_FALSE(play({refusal, object("x")}).put("k", "x", Existing::kRefuse)->stored);
    EXPECT_FALSE(play({refusal, error(404, "NoSuchKey")}).put("k", "x", Existing::kRefuse)->stored);
  }
}

TEST_F(S3StoreTest, ChecksExistenceOnAServerWithoutConditions) {
  EXPECT_FALSE(play({error(501, "NotImplemented"), object("")}).put("k", "x", Existing::kRefuse)->stored);
  EXPECT_EQ(requests(), 2);
  auto& store = play({error(501, "NotImplemented"), error(404, "NoSuchKey"), object("")});
  EXPECT_TRUE(store.put("k", "x", Existing::kRefuse)->stored);
  EXPECT_EQ(seen_.back().method, "PUT");
  EXPECT_EQ(seen_.back().headers.count("if-none-match"), 0);
}

TEST_F(S3StoreTest, ALargeOutputRefusesToReplace) {
  const ScriptReply missing = error(404, "NoSuchKey"), taken = error(412, "PreconditionFailed");
  EXPECT_EQ(play({object("old")}).open_output("k", Existing::kRefuse).error().kind, ErrorKind::kAlreadyExists);
  EXPECT_EQ(requests(), 1);
  EXPECT_TRUE(write(play({missing, kStarted, kPart, kPart, kCompleted}), 1500, Existing::kRefuse).ok());
  EXPECT_EQ(seen_.back().headers["if-none-match"], "*");
  const auto status = write(play({missing, kStarted, kPart, kPart, taken, kTheirs}), 1500, Existing::kRefuse);
  EXPECT_EQ(from_arrow(status).kind, ErrorKind::kAlreadyExists);
  EXPECT_EQ(seen_.back().method, "DELETE") << "the upload is given up";
  EXPECT_TRUE(write(play({missing, kStarted, kPart, kPart, kHangUp, taken, kOurs}), 1500, Existing::kRefuse).ok());
  EXPECT_TRUE(
      write(play({missing, kStarted, kPart, kPart, error(501, "NotImplemented"), kCompleted}), 1500, Existing::kRefuse)
          .ok());
}

TEST_F(S3StoreTest, InputOfASmallObjectIsOneRequest) {
  auto& store =
      play({{.status = 206, .body = "01234", .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 0-4/5"}}}});
  auto input = *store.open_input("k");
  EXPECT_EQ(*input->GetSize(), 5);
  EXPECT_EQ((*input->ReadAt(1, 3))->ToString(), "123");
  EXPECT_EQ((*input->ReadAt(4, 30))->ToString(), "4");
  EXPECT_EQ((*input->ReadAt(50, 30))->size(), 0);
  EXPECT_EQ(requests(), 1);
}

TEST_F(S3StoreTest, AKnownSizeSavesTheFirstRequest) {
  auto& store = play({{.status = 206, .body = "01234", .headers = {{"ETag", "\"e\""}}}});
  auto input = *store.open_input("k", 5);
  EXPECT_EQ(requests(), 0);
  EXPECT_EQ((*input->ReadAt(1, 3))->ToString(), "123");
  EXPECT_EQ((*input->ReadAt(0, 5))->ToString(), "01234");
  EXPECT_EQ(requests(), 1);
  EXPECT_EQ(seen_[0].headers["range"], "bytes=0-4");
}

TEST_F(S3StoreTest, AnObjectThatChangesWhileItIsReadIsAnError) {
  auto& store = play({{.status = 206,
                       .body = std::string(65536, 'x'),
                       .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 34464-99999/100000"}}},
                      error(412, "PreconditionFailed")});
  auto input = *store.open_input("k");
  const auto read = input->ReadAt(0, 10);
  EXPECT_THAT(read.status().ToString(), HasSubstr("replaced while it was read"));
  EXPECT_EQ(seen_[1].headers["if-match"], "\"e\"");
}

TEST(RetryAfter, SecondsOrDate) {
  EXPECT_EQ(retry_after_seconds("120", 0), 120);
  EXPECT_EQ(retry_after_seconds("Thu, 01 Jan 1970 00:01:00 GMT", 20 * kMicrosPerSecond), 40);
  EXPECT_EQ(retry_after_seconds("Thu, 01 Jan 1970 00:00:01 GMT", 20 * kMicrosPerSecond), 0);
  EXPECT_EQ(retry_after_seconds("soon", 0), std::nullopt);
  EXPECT_EQ(retry_after_seconds("", 0), std::nullopt);
}

}  // namespace
}  // namespace earthcatalog::storage
