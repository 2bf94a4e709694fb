/* Notes everything that a program writes below POWER_PREFIX into POWER_LOG, in the order in which the operating system saw it.
 *
 * Loaded with LD_PRELOAD. Each noted call runs under one lock together with its note, so that the log is a true order. The times
 * before and after tell which acknowledgements were received before which call. The reader is record.rs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, CREATE, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR };

struct note {
  uint32_t kind;
  uint32_t extra; /* bytes that follow: a path, two paths, or what was written */
  uint64_t inode;
  uint64_t offset;
  uint64_t begun;
  uint64_t ended;
};

#define FILES 65536
static uint64_t inodes[FILES]; /* of open files below the prefix; 0: not ours */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static const char *prefix;
static size_t prefix_length;

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) _exit(99);
  return found;
}
#define REAL(type, name, ...) \
  static type (*next)(__VA_ARGS__); \
  if (!next) next = (type (*)(__VA_ARGS__))real(name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("POWER_LOG");
  prefix = getenv("POWER_PREFIX");
  if (!path || !prefix) return;
  prefix_length = strlen(prefix);
  log_file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) { return log_file >= 0 && path && strncmp(path, prefix, prefix_length) == 0; }
static uint64_t inode_of(int file) { return file >= 0 && file < FILES ? inodes[file] : 0; }

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void note(uint32_t kind, uint64_t inode, uint64_t offset, uint64_t begun, const void *extra, size_t length) {
  struct note head = {kind, (uint32_t)length, inode, offset, begun, now()};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)extra, length}};
  ssize_t whole = (ssize_t)(sizeof head + length);
  if (syscall(SYS_writev, log_file, parts, 2) != whole) _exit(98);
}

static int opened(int file, const char *path, int existed, int flags, uint64_t begun) {
  struct stat about;
  if (file < 0 || file >= FILES || fstat(file, &about) != 0) return file;
  inodes[file] = about.st_ino;
  note(existed ? OPEN : CREATE, about.st_ino, 0, begun, path, strlen(path));
  if (existed && (flags & O_TRUNC)) note(TRUNCATE, about.st_ino, 0, begun, NULL, 0);
  return file;
}

#define OPEN_BODY(call) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  } \
  if (!ours(path)) return call; \
  pthread_mutex_lock(&lock); \
  uint64_t begun = now(); \
  int existed = syscall(SYS_access, path, F_OK) == 0; \
  int file = opened(call, path, existed, flags, begun); \
  pthread_mutex_unlock(&lock); \
  return file

int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...);
  OPEN_BODY(next(path, flags, mode));
}
int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  OPEN_BODY(next(path, flags, mode));
}
int openat(int folder, const char *path, int flags, ...) {
  REAL(int, "openat", int, const char *, int, ...);
  OPEN_BODY(next(folder, path, flags, mode));
}
int openat64(int folder, const char *path, int flags, ...) {
  REAL(int, "openat64", int, const char *, int, ...);
  OPEN_BODY(next(folder, path, flags, mode));
}

int close(int file) {
  REAL(int, "close", int);
  if (file >= 0 && file < FILES) inodes[file] = 0;
  return next(file);
}

/* The place of what was just written at the file's own position. */
static uint64_t place(int file, ssize_t written) { return (uint64_t)(lseek(file, 0, SEEK_CUR) - written); }

ssize_t write(int file, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  uint64_t inode = inode_of(file);
  if (!inode) return next(file, bytes, length);
  pthread_mutex_lock(&lock);
  uint64_t begun = now();
  ssize_t written = next(file, bytes, length);
  int error = errno;
  if (written > 0) note(WRITE, inode, place(file, written), begun, bytes, (size_t)written);
  pthread_mutex_unlock(&lock);
  errno = error;
  return written;
}

#define PWRITE(name, offset_type) \
  ssize_t name(int file, const void *bytes, size_t length, offset_type offset) { \
    REAL(ssize_t, #name, int, const void *, size_t, offset_type); \
    uint64_t inode = inode_of(file); \
    if (!inode) return next(file, bytes, length, offset); \
    pthread_mutex_lock(&lock); \
    uint64_t begun = now(); \
    ssize_t written = next(file, bytes, length, offset); \
    int error = errno; \
    if (written > 0) note(WRITE, inode, (uint64_t)offset, begun, bytes, (size_t)written); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return written; \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* Nothing of ours writes in pieces; if that changes, the log would be wrong, so it must not go unnoticed. */
ssize_t writev(int file, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  if (inode_of(file)) _exit(97);
  return next(file, parts, count);
}

#define FTRUNCATE(name, offset_type) \
  int name(int file, offset_type length) { \
    REAL(int, #name, int, offset_type); \
    uint64_t inode = inode_of(file); \
    if (!inode) return next(file, length); \
    pthread_mutex_lock(&lock); \
    uint64_t begun = now(); \
    int outcome = next(file, length); \
    int error = errno; \
    if (outcome == 0) note(TRUNCATE, inode, (uint64_t)length, begun, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return outcome; \
  }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define SYNCING(name) \
  int name(int file) { \
    REAL(int, #name, int); \
    uint64_t inode = inode_of(file); \
    if (!inode) return next(file); \
    pthread_mutex_lock(&lock); \
    uint64_t begun = now(); \
    int outcome = next(file); \
    int error = errno; \
    if (outcome == 0) note(SYNC, inode, 0, begun, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return outcome; \
  }
SYNCING(fsync)
SYNCING(fdatasync)

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  if (!ours(from) || !ours(to)) return next(from, to);
  char both[8192];
  size_t first = strlen(from) + 1, second = strlen(to);
  if (first + second > sizeof both) _exit(96);
  memcpy(both, from, first);
  memcpy(both + first, to, second);
  pthread_mutex_lock(&lock);
  uint64_t begun = now();
  int outcome = next(from, to);
  int error = errno;
  if (outcome == 0) note(RENAME, 0, 0, begun, both, first + second);
  pthread_mutex_unlock(&lock);
  errno = error;
  return outcome;
}

#define NAMED(kind, call) \
  if (!ours(path)) return call; \
  pthread_mutex_lock(&lock); \
  uint64_t begun = now(); \
  int outcome = call; \
  int error = errno; \
  if (outcome == 0) note(kind, 0, 0, begun, path, strlen(path)); \
  pthread_mutex_unlock(&lock); \
  errno = error; \
  return outcome

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  NAMED(UNLINK, next(path));
}
int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  NAMED(MKDIR, next(path, mode));
}
