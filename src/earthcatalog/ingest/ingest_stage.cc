#include "earthcatalog/ingest/ingest_stage.h"

#include <algorithm>

namespace earthcatalog::ingest {
namespace {

using Pull = fetch::Fetcher::Pull;

// Shares of the memory limit for bodies on the wire, and for files on their way to a store; the rest is for items and
// queued bodies.
constexpr std::int64_t kInFlightShare = 8, kWritingShare = 8;
// A share of nothing is a byte: the first object gets all the memory that it needs, whatever the limit.
constexpr std::int64_t kLeastShare = 1;
constexpr std::size_t kQueuedBodies = 512;
constexpr std::size_t kWakeAtBodies = 16;

fetch::FetchOptions with_share_of_memory(fetch::FetchOptions options, std::int64_t memory_limit) {
  const auto share = std::max(kLeastShare, memory_limit / kInFlightShare);
  options.max_bytes_in_flight = std::min(options.max_bytes_in_flight, share);
  return options;
}

std::int64_t held_limit(std::int64_t memory_limit) {
  const auto others = memory_limit / kInFlightShare + IngestStage::bytes_for_writing(memory_limit);
  return std::max(kLeastShare, memory_limit - others);
}

}  // namespace

std::int64_t IngestStage::bytes_for_writing(std::int64_t memory_limit_bytes) {
  return memory_limit_bytes / kWritingShare;
}

IngestStage::IngestStage(storage::Stores& stores, InventoryChunker& source, const grid::Partitioner& grid,
                         Problems& problems, StartSchema& schema, const IngestStageOptions& options)
    : source_(source),
      problems_(problems),
      options_(options),
      held_limit_(held_limit(options.memory_limit_bytes)),
      fetcher_(stores, with_share_of_memory(options.fetch, options.memory_limit_bytes)),
      context_{.grid = grid,
               .problems = problems,
               .held_bytes = held_bytes_,
               .schema = schema,
               .keep_text = options.keep_text},
      bodies_(kQueuedBodies, kWakeAtBodies) {
  threads_left_ = options.workers + 1;
  threads_.emplace_back([this] { fetch_loop(); });
  for (std::size_t worker = 0; worker < options.workers; ++worker) {
    threads_.emplace_back([this, worker] { work_loop(worker); });
  }
}

IngestStage::~IngestStage() {
  stop_ = true;
  bodies_.close();
}

void IngestStage::fetch_loop() {
  auto status = fetcher_.run([this](fetch::Fetcher::Work& work) { return next(work); },
                             [this](fetch::Fetched&& fetched) { return done(std::move(fetched)); }, stop_);
  bodies_.close();
  if (!status && status.error().kind != ErrorKind::kCancelled) fail_with(std::move(status).error());
  const MutexLock lock(mutex_);
  --threads_left_;
  changed_.notify_all();
}

// True while nothing new may be begun. Under the pressure of memory the chunk at hand is cut where it is, so that it
// completes and can be flushed however large chunks are.
bool IngestStage::push_back() {
  if (held_bytes_.load() < held_limit_) {
    short_of_memory_ = false;
    return false;
  }
  cut_current();
  if (!short_of_memory_.exchange(true)) {
    const MutexLock lock(mutex_);
    something_new_ = true;
    changed_.notify_all();
  }
  return true;
}

void IngestStage::cut_current() {
  if (!current_ || current_->pulled == 0 || current_->pulled == current_->objects.size()) return;
  auto rest = std::make_shared<Chunk>();
  rest->parts.resize(options_.workers);
  const auto first = current_->objects.begin() + static_cast<std::ptrdiff_t>(current_->pulled);
  rest->objects.assign(std::make_move_iterator(first), std::make_move_iterator(current_->objects.end()));
  current_->objects.erase(first, current_->objects.end());
  const auto count = static_cast<std::int64_t>(rest->objects.size());
  rest->open = count;
  rest->source_items = count;
  current_->source_items -= count;
  {
    const MutexLock lock(mutex_);
    line_.push_back(rest);
  }
  // Last: at zero the chunk may be taken, and its successor must be in line by then.
  current_->open.fetch_sub(count);
  current_ = std::move(rest);
}

Result<Pull> IngestStage::next(fetch::Fetcher::Work& work) {
  if (push_back()) return Pull::kWait;
  while (!current_ || current_->pulled == current_->objects.size()) {
    const bool finished = source_.finished();
    if (current_) current_->objects = {};  // a chunk may wait long for its place in a commit
    current_ = source_.try_next();
    if (!current_) {
      if (!finished) return Pull::kWait;
      auto status = source_.ended().value_or(Status());
      input_failed_ = !status;
      EC_TRY(std::move(status));
      return Pull::kEnd;
    }
    unchanged_ += current_->unchanged;
    settled_ += current_->unchanged;
    const MutexLock lock(mutex_);
    line_.push_back(current_);
    something_new_ = true;
  }
  work.object = std::move(current_->objects[current_->pulled++]);
  work.tag = reinterpret_cast<std::uintptr_t>(current_.get());  // in line until nothing of it is open
  ++pulled_;
  return Pull::kWork;
}

Status IngestStage::done(fetch::Fetched&& fetched) {
  auto& chunk = *reinterpret_cast<Chunk*>(static_cast<std::uintptr_t>(fetched.tag));
  const auto note = [&](std::string_view kind) {
    problems_.add(fetched.object, {kind, fetched.kind, fetched.reason});
    settle(chunk);
  };
  switch (fetched.outcome) {
    case fetch::Outcome::kFetched: {
      const auto bytes = static_cast<std::int64_t>(fetched.body.capacity());
      held_bytes_ += bytes;
      if (!bodies_.push({&chunk, std::move(fetched)})) return fail(ErrorKind::kCancelled, "the run has ended");
      break;
    }
    case fetch::Outcome::kMissing:
      if (chunk.missing++ == 0) chunk.first_missing = fetched.uri;
      ++missing_;
      note("missing");
      break;
    case fetch::Outcome::kPending:
      ++chunk.pending;
      if (options_.keep_pending) chunk.pending_objects.push_back({fetched.object, fetched.reason});
      ++pending_;
      note("pending");
      break;
    case fetch::Outcome::kRejected:
      ++chunk.rejected;
      ++rejected_;
      note("rejected");
      break;
  }
  return {};
}

void IngestStage::work_loop(std::size_t worker) {
  Ingester ingester(context_, worker);
  std::vector<Chunk*> chunks;  // of the objects at hand
  while (auto body = bodies_.pop()) {
    Status ingested;
    while (ingested && body && !stop_) {
      const auto bytes = static_cast<std::int64_t>(body->fetched.body.capacity());
      chunks.push_back(body->chunk);
      ingested = ingester.ingest(*body->chunk, std::move(body->fetched));
      held_bytes_ -= bytes;
      body = chunks.size() < ingester.most_at_once() ? bodies_.try_pop() : std::nullopt;
    }
    if (ingested) ingested = ingester.finish();
    if (ingested) {
      for (auto* chunk : chunks) settle(*chunk);
    } else {
      fail_with(std::move(ingested).error());  // and the chunks, still open, are never taken
    }
    chunks.clear();
  }
  const MutexLock lock(mutex_);
  --threads_left_;
  changed_.notify_all();
}

void IngestStage::settle(Chunk& chunk) {
  ++settled_;
  if (chunk.open.fetch_sub(1) > 1) return;
  const MutexLock lock(mutex_);
  something_new_ = true;
  changed_.notify_all();
}

// The first error ends the run.
void IngestStage::fail_with(Error error) {
  stop_ = true;
  bodies_.close();
  const MutexLock lock(mutex_);
  if (status_) status_ = std::unexpected(std::move(error));
}

bool IngestStage::wait(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  const MutexLock lock(mutex_);
  while (!something_new_ && threads_left_ > 0 && changed_.wait_until(mutex_, until)) {
  }
  something_new_ = false;
  return threads_left_ == 0;
}

Status IngestStage::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

bool IngestStage::has_complete_chunk() const {
  const MutexLock lock(mutex_);
  return !line_.empty() && line_.front()->open == 0;
}

std::vector<std::shared_ptr<Chunk>> IngestStage::take_complete_chunks() {
  std::vector<std::shared_ptr<Chunk>> complete;
  const MutexLock lock(mutex_);
  while (!line_.empty() && line_.front()->open == 0) {
    complete.push_back(std::move(line_.front()));
    line_.pop_front();
  }
  return complete;
}

void IngestStage::release(std::int64_t bytes) { held_bytes_ -= bytes; }

Progress IngestStage::progress() const {
  Progress progress;
  progress.settled = settled_;
  progress.missing = missing_;
  progress.pending = pending_;
  progress.rejected = rejected_;
  progress.unchanged = unchanged_;
  progress.in_flight = pulled_ + unchanged_ - settled_;
  progress.bytes_fetched = static_cast<std::int64_t>(fetcher_.counters().bytes);
  progress.held_bytes = held_bytes_;
  progress.waiting = fetcher_.waiting();
  if (const auto total = source_.total()) {
    progress.total = total->items;
    progress.total_is_estimate = total->is_estimate;
  }
  return progress;
}

}  // namespace earthcatalog::ingest
