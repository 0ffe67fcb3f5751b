// What becomes of an object after each of its tries.
#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "earthcatalog/fetch/run.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;

constexpr int kMostUnreachable = 3;  // tries to reach a server that never gave an object

// Without it, an object of which the list says nothing but its name could never be told from a later version. Size
// alone would tell too little.
void add_version(Fetched& fetched, Attempt&& attempt) {
  auto& object = fetched.object;
  if (object.has_version() || (attempt.etag.empty() && !attempt.last_modified)) return;
  object.etag = std::move(attempt.etag);
  object.last_modified = attempt.last_modified;
  object.size_bytes = static_cast<std::int64_t>(fetched.body.size());
}

}  // namespace

Status Run::settle(Job& job, Attempt&& attempt) {
  auto& bucket = *job.bucket;
  --in_flight_;
  --bucket.in_flight;
  const auto verdict = attempt.verdict;
  if (verdict == Verdict::kFetched || verdict == Verdict::kMissing || verdict == Verdict::kRejected) {
    bucket.answered = true;
  }
  if (verdict == Verdict::kThrottled) slow_down(bucket, job);
  if (verdict == Verdict::kFetched || verdict == Verdict::kMissing) {
    bucket.limit.on_success();
    show_progress();
  }
  counters_.concurrency.store(bucket.limit.value(), std::memory_order_relaxed);
  switch (verdict) {
    case Verdict::kFetched:
      EC_TRY(on_fetched(job, std::move(attempt)));
      break;
    case Verdict::kMissing:
      EC_TRY(hand_out(job, Outcome::kMissing, std::move(attempt)));
      break;
    case Verdict::kRejected:
      EC_TRY(hand_out(job, Outcome::kRejected, std::move(attempt)));
      break;
    case Verdict::kPending:
      EC_TRY(hand_out(job, Outcome::kPending, std::move(attempt)));
      break;
    case Verdict::kRefused:
      EC_TRY(on_refused(job, std::move(attempt)));
      break;
    case Verdict::kStale:
      EC_TRY(on_stale(job, std::move(attempt)));
      break;
    case Verdict::kNoBucket:
      EC_TRY(on_no_bucket(job, std::move(attempt)));
      break;
    case Verdict::kThrottled:
    case Verdict::kLater:
    case Verdict::kUnreachable:
    case Verdict::kFatal:
      EC_TRY(on_failed(job, std::move(attempt)));
      break;
  }
  return bucket.refusals.empty() ? Status{} : conclude_refusals(bucket);
}

Status Run::on_fetched(Job& job, Attempt&& attempt) {
  counters_.bytes.fetch_add(attempt.body.size(), std::memory_order_relaxed);
  if (!std::exchange(job.bucket->proven, true) && job.bucket->s3) job.bucket->s3->gave_an_object = true;
  return hand_out(job, Outcome::kFetched, std::move(attempt));
}

// S3 says 403 for a missing key to whom may not list, so one refusal does not prove a bucket closed while others of its
// objects are on their way: the refused ones are held until those have come.
Status Run::on_refused(Job& job, Attempt&& attempt) {
  auto& bucket = *job.bucket;
  if (bucket.proven) return deny(job, std::move(attempt));
  bucket.refusals.push_back({&job, std::move(attempt)});
  return {};
}

Status Run::on_stale(Job& job, Attempt&& attempt) {
  auto& bucket = *job.bucket;
  const auto& failure = attempt.failure;
  constexpr int kMostRecoveries = 8;  // of one object; a redirect may lead in circles
  if (bucket.s3 && failure && job.recoveries < kMostRecoveries &&
      bucket.s3->recover(failure->sent, failure->error, failure->server_time)) {
    ++job.recoveries;
    enqueue(job, true);
    return {};
  }
  constexpr int kPatience = 3;  // tries: the source of credentials may be late itself
  if (attempt.kind == "credentials" && (!bucket.proven || job.tries > kPatience)) {
    return on_refused(job, std::move(attempt));
  }
  return on_failed(job, std::move(attempt));
}

Status Run::on_failed(Job& job, Attempt&& attempt) {
  const bool proven = job.bucket->proven;
  if (attempt.verdict == Verdict::kFatal && !proven) return stop_here(job, attempt, ErrorKind::kIOError);
  const auto now = SteadyClock::now();
  const auto wait = duration<double>(backoff_.seconds(job.tries, attempt.retry_after_seconds));
  job.due = now + duration_cast<SteadyClock::duration>(wait);
  const bool gives_up = job.due >= job.deadline;
  const bool nobody = attempt.verdict == Verdict::kUnreachable && !proven;
  if (nobody && (gives_up || job.tries >= kMostUnreachable)) return stop_here(job, attempt, ErrorKind::kIOError);
  if (gives_up) return hand_out(job, Outcome::kPending, std::move(attempt));
  waiting_.push(&job);
  show_waiting(job, attempt);
  return {};
}

Status Run::on_no_bucket(Job& job, Attempt&& attempt) {
  if (!job.bucket->proven) return stop_here(job, attempt, ErrorKind::kNotFound);
  return hand_out(job, Outcome::kPending, std::move(attempt));
}

Status Run::stop_here(const Job& job, const Attempt& attempt, ErrorKind kind) const {
  return fail(kind, "{}; nothing in this bucket was readable before, so the run stops here", sentence(job, attempt));
}

void Run::slow_down(Bucket& bucket, const Job& job) {
  const int before = bucket.limit.value();
  bucket.limit.on_throttled(job.began, SteadyClock::now());
  const int now = bucket.limit.value();
  if (!event_ || now == before) return;
  const auto uri = transport_.uri(bucket, "");
  event_({.name = "throttled",
          .message =
              fmt::format("{}: the server asks for fewer requests; at most {} at once, {} before", uri, now, before),
          .fields = {{"uri", uri}, {"limit", std::int64_t{now}}, {"limit_before", std::int64_t{before}}}});
}

// Shows the failure without the remedy, which stands behind the first semicolon.
void Run::show_waiting(const Job& job, const Attempt& attempt) {
  auto reason = attempt.reason.substr(0, attempt.reason.find(';'));
  if (event_) {
    const double seconds = duration<double>(job.due - SteadyClock::now()).count();
    const auto uri = uri_of(job);
    event_({.name = "retry",
            .message = fmt::format("GET {}: {}; tried again in {:.1f} s", uri, reason, seconds),
            .fields = {{"method", "GET"}, {"uri", uri}, {"reason", reason}, {"seconds", seconds}}});
  }
  counters_.waiting.put({.objects = std::ssize(waiting_),
                         .where = transport_.uri(*job.bucket, ""),
                         .reason = std::move(reason),
                         .tries = job.tries},
                        waiting_.top()->due);
  shows_waiting_ = true;
}

void Run::show_progress() {
  if (waiting_.empty() && std::exchange(shows_waiting_, false)) counters_.waiting.clear();
}

Status Run::conclude_refusals(Bucket& bucket) {
  if (!bucket.proven && bucket.in_flight > 0) return {};
  auto refusals = std::exchange(bucket.refusals, {});
  const auto* failure = refusals.front().attempt.failure.get();
  const bool again = !bucket.proven && bucket.s3 && failure != nullptr &&
                     bucket.s3->recover(failure->sent, failure->error, failure->server_time);
  for (auto& refusal : refusals) {
    if (again) {
      enqueue(*refusal.job, true);
    } else if (bucket.proven) {
      EC_TRY(deny(*refusal.job, std::move(refusal.attempt)));
    } else {
      return stop_here(*refusal.job, refusal.attempt, ErrorKind::kPermissionDenied);
    }
  }
  return {};
}

Status Run::deny(Job& job, Attempt&& attempt) {
  access_.on_refused();
  attempt.kind = "denied";
  const auto* failure = attempt.failure.get();
  if (failure != nullptr && failure->error.code == "AccessDenied") {
    attempt.reason += "; or the object is missing, which S3 does not tell those who may not list the bucket";
  }
  const auto last = sentence(job, attempt);
  EC_TRY(hand_out(job, Outcome::kPending, std::move(attempt)));
  if (!access_.is_broken()) return {};
  return fail(ErrorKind::kPermissionDenied, "{} of {} objects were refused, so the run stops here; the last one: {}",
              access_.refused(), access_.decided(), last);
}

Status Run::hand_out(Job& job, Outcome outcome, Attempt&& attempt) {
  access_.on_decided();
  Fetched fetched{.object = {}, .tag = job.tag, .outcome = outcome, .body = std::move(attempt.body)};
  if (outcome != Outcome::kFetched) {
    fetched.uri = uri_of(job);
    fetched.reason = sentence(job, attempt);
    fetched.kind = std::move(attempt.kind);
  }
  fetched.object = std::move(job.object);
  if (outcome == Outcome::kFetched) add_version(fetched, std::move(attempt));
  unused_.push_back(&job);
  --alive_;
  return (*done_)(std::move(fetched));
}

std::string Run::uri_of(const Job& job) const {
  const auto& [bucket, key] = std::tie(job.object.bucket, job.object.key);
  return job.bucket != nullptr ? transport_.uri(*job.bucket, key) : fmt::format("'{}/{}'", bucket, key);
}

std::string Run::sentence(const Job& job, const Attempt& attempt) const {
  const auto uri = uri_of(job);
  if (job.tries == 0) return fmt::format("reading {}: {}", uri, attempt.reason);
  const auto seconds = duration<double>(SteadyClock::now() - job.first).count();
  return fmt::format("reading {}: {} ({} {} in {:.1f} s)", uri, attempt.reason, job.tries,
                     job.tries == 1 ? "try" : "tries", seconds);
}

}  // namespace earthcatalog::fetch
