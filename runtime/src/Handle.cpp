//===- Handle.cpp - What the C interface's pointers point to --------------===//

#include "Handle.h"

#include <mutex>
#include <pthread.h>

namespace tenon::runtime {
namespace {

/// As many freed handles of a kind wait before one is used again.
constexpr size_t quarantine = 1024;

/// Freed handles, oldest first, linked through themselves.
template <typename Handle> struct FreedQueue {
  Handle *oldest = nullptr;
  Handle *newest = nullptr;
  size_t count = 0;

  void push(Handle *handle) {
    handle->nextFreed = nullptr;
    (newest ? newest->nextFreed : oldest) = handle;
    newest = handle;
    ++count;
  }
  Handle *pop() {
    Handle *handle = oldest;
    oldest = handle->nextFreed;
    newest = oldest ? newest : nullptr;
    --count;
    return handle;
  }
};

/// Of both kinds. The lock is held across a fork, so that the child finds it free.
struct FreedHandles {
  std::mutex mutex;
  FreedQueue<tenon_model> models;
  FreedQueue<tenon_session> sessions;
};

FreedHandles &freed() {
  // Never destroyed: handles may be freed by the destructors of other static objects.
  static FreedHandles *handles = [] {
    static FreedHandles *created = new FreedHandles;
    pthread_atfork([] { created->mutex.lock(); }, [] { created->mutex.unlock(); }, [] { created->mutex.unlock(); });
    return created;
  }();
  return *handles;
}

template <typename Handle> Handle *take(FreedQueue<Handle> FreedHandles::*queue) {
  FreedHandles &handles = freed();
  std::lock_guard lock(handles.mutex);
  return (handles.*queue).count < quarantine ? new Handle : (handles.*queue).pop();
}

template <typename Handle> void giveBack(FreedQueue<Handle> FreedHandles::*queue, Handle *handle) noexcept {
  FreedHandles &handles = freed();
  std::lock_guard lock(handles.mutex);
  (handles.*queue).push(handle);
}

void drop(tenon_model *handle) noexcept {
  if (handle->references.fetch_sub(1) != 1)
    return;
  handle->object.reset();
  giveBack(&FreedHandles::models, handle);
}

[[noreturn]] void wrongHandle(const char *kind, const char *what) {
  fail(TENON_ERROR_HANDLE, kind, " handle is ", what);
}

} // namespace

tenon_model *newHandle(std::shared_ptr<const Model> model) {
  tenon_model *handle = take(&FreedHandles::models);
  handle->object = std::move(model);
  handle->references.store(1);
  return handle;
}

tenon_session *newHandle(std::unique_ptr<Session> session) {
  tenon_session *handle = take(&FreedHandles::sessions);
  handle->object = std::move(session);
  handle->state.store(tenon_session::Idle);
  return handle;
}

ModelUse::ModelUse(tenon_model *handle) : handle(handle) { retain(handle); }

ModelUse::~ModelUse() { drop(handle); }

void retain(tenon_model *handle) {
  if (!handle)
    wrongHandle("model", "null");
  if (handle->magic != modelMagic)
    wrongHandle("model", "of another kind");
  uint64_t references = handle->references.load();
  do {
    if (references == 0)
      wrongHandle("model", "freed");
  } while (!handle->references.compare_exchange_weak(references, references + 1));
}

void release(tenon_model *handle) {
  ModelUse use(handle);
  drop(handle);
}

void cancel(tenon_session *handle) {
  if (!handle)
    wrongHandle("session", "null");
  if (handle->magic != sessionMagic)
    wrongHandle("session", "of another kind");
  if (handle->state.load() == tenon_session::Freed)
    wrongHandle("session", "freed");
  handle->cancelled.store(true, std::memory_order_relaxed);
}

SessionUse::SessionUse(tenon_session *handle) : handle(handle) {
  if (!handle)
    wrongHandle("session", "null");
  if (handle->magic != sessionMagic)
    wrongHandle("session", "of another kind");
  uint32_t state = tenon_session::Idle;
  if (handle->state.compare_exchange_strong(state, tenon_session::Busy)) {
    handle->cancelled.store(false, std::memory_order_relaxed);
    return;
  }
  if (state == tenon_session::Freed)
    wrongHandle("session", "freed");
  fail(TENON_ERROR_BUSY, "the session is in a call on another thread; use one session per thread");
}

SessionUse::~SessionUse() {
  if (!freeAtEnd) {
    handle->state.store(tenon_session::Idle);
    return;
  }
  handle->object.reset();
  handle->state.store(tenon_session::Freed);
  giveBack(&FreedHandles::sessions, handle);
}

} // namespace tenon::runtime
