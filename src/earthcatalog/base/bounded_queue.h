// A queue between threads with a bound: a producer waits while it is full, a consumer while it is empty.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "earthcatalog/base/mutex.h"

namespace earthcatalog {

template <class T>
class BoundedQueue {
 public:
  /// `wake_at`: a consumer that sleeps is woken when that many values wait, and looks by itself every 5 ms. Waking a
  /// thread costs about as much as parsing an item.
  explicit BoundedQueue(std::size_t capacity, std::size_t wake_at = 1) : capacity_(capacity), wake_at_(wake_at) {}

  /// Waits for room. False, and `value` dropped, when the queue was closed.
  bool push(T value) {
    MutexLock lock(mutex_);
    while (!closed_ && queue_.size() >= capacity_) not_full_.wait(mutex_);
    if (closed_) return false;
    queue_.push_back(std::move(value));
    const bool wake = queue_.size() >= wake_at_;
    lock.unlock();
    if (wake) not_empty_.notify_one();
    return true;
  }

  /// Waits for a value; nothing when the queue is closed and empty.
  std::optional<T> pop() {
    MutexLock lock(mutex_);
    while (!closed_ && queue_.empty()) {
      if (wake_at_ <= 1) {
        not_empty_.wait(mutex_);
      } else {
        not_empty_.wait_until(mutex_, std::chrono::steady_clock::now() + kLookEvery);
      }
    }
    auto value = take();
    lock.unlock();
    if (value) not_full_.notify_one();
    return value;
  }

  /// A value if there is one now.
  std::optional<T> try_pop() {
    MutexLock lock(mutex_);
    auto value = take();
    lock.unlock();
    if (value) not_full_.notify_one();
    return value;
  }

  /// No more pushes; what is inside can still be popped.
  void close() {
    {
      const MutexLock lock(mutex_);
      closed_ = true;
    }
    not_full_.notify_all();
    not_empty_.notify_all();
  }

  std::size_t size() const {
    const MutexLock lock(mutex_);
    return queue_.size();
  }

  bool closed() const {
    const MutexLock lock(mutex_);
    return closed_;
  }

 private:
  std::optional<T> take() EC_REQUIRES(mutex_) {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    return value;
  }

  static constexpr std::chrono::milliseconds kLookEvery{5};

  const std::size_t capacity_, wake_at_;
  mutable Mutex mutex_;
  CondVar not_full_, not_empty_;
  std::deque<T> queue_ EC_GUARDED_BY(mutex_);
  bool closed_ EC_GUARDED_BY(mutex_) = false;
};

}  // namespace earthcatalog
