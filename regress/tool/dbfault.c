/* SPDX-License-Identifier: ISC */

/*
 * Preloaded, it lets SQLite's files fail: while the folder DBFAULT holds a
 * file of that name, about one of eight calls of its kind does, and the file
 * "hits" there grows by a byte.
 *
 *	full	a write finds no room (SQLITE_FULL)
 *	ioerr	a write, read or sync fails (SQLITE_IOERR)
 *	busy	another holds the write lock (SQLITE_BUSY, after all its tries)
 */

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The default one's file stands behind ours. */
struct fault_file {
	sqlite3_file	 base;
	sqlite3_file	*real;
};

static sqlite3_vfs vfs, *real;
static sqlite3_io_methods methods;
static unsigned int chance = 12345;

static int
fails(const char *kind)
{
	const char *dir = getenv("DBFAULT");
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir == NULL ? "" : dir,
	    kind);
	if (access(path, F_OK) == -1)
		return 0;
	chance = chance * 1103515245 + 12345;
	if ((chance >> 16) % 8 != 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/hits", dir);
	if ((fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0666)) != -1) {
		(void)!write(fd, kind, 1);
		close(fd);
	}
	return 1;
}

static sqlite3_file *
file_of(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static int
fault_close(sqlite3_file *file)
{
	return file_of(file)->pMethods->xClose(file_of(file));
}

static int
fault_read(sqlite3_file *file, void *buf, int n, sqlite3_int64 at)
{
	if (fails("ioerr"))
		return SQLITE_IOERR_READ;
	return file_of(file)->pMethods->xRead(file_of(file), buf, n, at);
}

static int
fault_write(sqlite3_file *file, const void *buf, int n, sqlite3_int64 at)
{
	if (fails("full"))
		return SQLITE_FULL;
	if (fails("ioerr"))
		return SQLITE_IOERR_WRITE;
	return file_of(file)->pMethods->xWrite(file_of(file), buf, n, at);
}

static int
fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return file_of(file)->pMethods->xTruncate(file_of(file), size);
}

static int
fault_sync(sqlite3_file *file, int flags)
{
	if (fails("ioerr"))
		return SQLITE_IOERR_FSYNC;
	return file_of(file)->pMethods->xSync(file_of(file), flags);
}

static int
fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return file_of(file)->pMethods->xFileSize(file_of(file), size);
}

static int
fault_lock(sqlite3_file *file, int level)
{
	return file_of(file)->pMethods->xLock(file_of(file), level);
}

static int
fault_unlock(sqlite3_file *file, int level)
{
	return file_of(file)->pMethods->xUnlock(file_of(file), level);
}

static int
fault_reserved(sqlite3_file *file, int *out)
{
	return file_of(file)->pMethods->xCheckReservedLock(file_of(file),
	    out);
}

static int
fault_control(sqlite3_file *file, int op, void *arg)
{
	return file_of(file)->pMethods->xFileControl(file_of(file), op, arg);
}

static int
fault_sector(sqlite3_file *file)
{
	return file_of(file)->pMethods->xSectorSize(file_of(file));
}

static int
fault_device(sqlite3_file *file)
{
	return file_of(file)->pMethods->xDeviceCharacteristics(file_of(file));
}

static int
fault_map(sqlite3_file *file, int region, int size, int extend,
    void volatile **out)
{
	return file_of(file)->pMethods->xShmMap(file_of(file), region, size,
	    extend, out);
}

/* The first of a WAL's locks is the writer's; once refused, so the retries. */
static int
fault_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
	static int refused;

	if (at == 0 && flags & SQLITE_SHM_LOCK && flags & SQLITE_SHM_EXCLUSIVE) {
		if (refused == 0 && fails("busy"))
			refused = 200;
		if (refused > 0 && --refused > 0)
			return SQLITE_BUSY;
	}
	return file_of(file)->pMethods->xShmLock(file_of(file), at, n, flags);
}

static void
fault_barrier(sqlite3_file *file)
{
	file_of(file)->pMethods->xShmBarrier(file_of(file));
}

static int
fault_unmap(sqlite3_file *file, int del)
{
	return file_of(file)->pMethods->xShmUnmap(file_of(file), del);
}

static int
fault_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags,
    int *out)
{
	struct fault_file *f = (struct fault_file *)file;
	int rc;

	(void)v;
	f->real = (sqlite3_file *)(f + 1);
	rc = real->xOpen(real, name, f->real, flags, out);
	f->base.pMethods = f->real->pMethods == NULL ? NULL : &methods;
	return rc;
}

/* Waiting for a lock takes no time: what is tried is what counts. */
static int
fault_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

__attribute__((__constructor__)) static void
fault_start(void)
{
	if ((real = sqlite3_vfs_find(NULL)) == NULL)
		abort();
	vfs = *real;
	vfs.zName = "dbfault";
	vfs.szOsFile = (int)sizeof(struct fault_file) + real->szOsFile;
	vfs.xOpen = fault_open;
	vfs.xSleep = fault_sleep;
	methods = (sqlite3_io_methods){ 2, fault_close, fault_read,
	    fault_write, fault_truncate, fault_sync, fault_size, fault_lock,
	    fault_unlock, fault_reserved, fault_control, fault_sector,
	    fault_device, fault_map, fault_shm_lock, fault_barrier,
	    fault_unmap, NULL, NULL };
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}
