// One GET over HTTP: an easy handle that is used again and again, and the body it receives.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/fetch/classify.h"
#include "earthcatalog/fetch/event_loop.h"
#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/job.h"
#include "earthcatalog/fetch/memory_budget.h"
#include "earthcatalog/storage/http/http_failure.h"
#include "earthcatalog/storage/http/trust.h"

namespace earthcatalog::fetch {

struct CurlDelete {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

class Transfer {
 public:
  /// Shared by all transfers of a transport. A transfer whose body, of which the first bytes are there, does not fit
  /// into the budget, pauses and appends itself to `paused`.
  struct Shared {
    EventLoop& loop;
    MemoryBudget& budget;
    std::deque<Transfer*>& paused;
    storage::Trust& trust;
  };
  Transfer(Shared shared, const FetchOptions& options);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  static Transfer& of(CURL* easy);

  /// Begins the request; it ends by itself after `most`.
  Status start(Job& job, storage::HttpRequest&& request, std::chrono::milliseconds most);
  /// Returns the reply after libcurl said that the transfer ended. The handle is free again.
  HttpReply finish(CURLcode code);
  /// Drops the request. The handle is free again.
  void abandon();

  Job* job() const { return job_; }  ///< null when free
  bool has_room() const { return shared_.budget.fits(needed_); }
  /// Goes on after a pause.
  void resume();

 private:
  static std::size_t on_bytes(char* data, std::size_t, std::size_t size, void* self);
  std::size_t receive(const char* data, std::size_t size);
  bool begin_body();
  void release();
  TransferEnd end_of(CURLcode code, storage::HttpFailure::Kind failure) const;
  bool was_sent() const;
  void read_headers(HttpReply& reply) const;
  std::string header(const char* name) const;
  bool says_where_it_ends() const;
  long status() const;

  Shared shared_;
  std::int64_t max_object_bytes_;
  std::chrono::milliseconds connect_time_;
  bool short_of_time_ = false;  ///< the object's time is up before that of a connection
  std::unique_ptr<CURL, CurlDelete> easy_;
  std::string error_;  ///< CURLOPT_ERRORBUFFER

  Job* job_ = nullptr;
  storage::HttpRequest request_;
  std::vector<curl_slist> headers_;  ///< a list whose strings are those of request_
  std::string body_;
  std::int64_t length_ = -1;  ///< Content-Length; -1: not said
  std::int64_t needed_ = 0;   ///< bytes of the budget that the body needs
  bool reserved_ = false;     ///< they are taken
  bool began_body_ = false;
  bool is_object_ = false;  ///< the body is an object, not the description of an error
  bool too_large_ = false;
  bool paused_ = false;
  storage::Trust::Certificates certificates_;  ///< that the handle is set to
};

}  // namespace earthcatalog::fetch
