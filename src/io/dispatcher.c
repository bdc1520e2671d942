// SPDX-License-Identifier: BSD-2-Clause
#include "io/dispatcher.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "stand_in.skel.h"

struct dispatcher {
	struct stand_in *stand_in; /* kept while the program is being loaded */
	struct xdp_program *program; /* libxdp's; NULL: not attached */
	uint32_t ifindex;
	bool generic;
};

/* libxdp's messages go through one callback; the last line of this thread is what a caller wants. */
static _Thread_local char libxdp_line[256];

static int libxdp_keep(enum libxdp_print_level level, const char *format, va_list args)
{
	if (level != LIBXDP_WARN)
		return 0;
	vsnprintf(libxdp_line, sizeof(libxdp_line), format, args);
	libxdp_line[strcspn(libxdp_line, "\n")] = '\0';
	return 0;
}

int dispatcher_refused(int ret, const char *what, struct err *err)
{
	return err_say(err, -EOPNOTSUPP,
		"this kernel refuses programs that extend another one (freplace): %s: %s", what,
		strerror(-ret));
}

/* To the verifier whoever is called at the tail may change the packet, too. */
static bool changes_packet(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       (insn->imm == BPF_FUNC_xdp_adjust_meta || insn->imm == BPF_FUNC_tail_call);
}

static int leave_changes_out(struct bpf_program *program)
{
	size_t count = bpf_program__insn_cnt(program);
	struct bpf_insn *insns = calloc(count, sizeof(*insns));
	int ret = -ENOMEM;

	if (!insns)
		return ret;
	memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
	for (size_t i = 0; i < count; i++)
		if (changes_packet(&insns[i]))
			insns[i] = (struct bpf_insn){
				.code = BPF_ALU64 | BPF_MOV | BPF_K,
				.dst_reg = BPF_REG_0,
				.imm = -EOPNOTSUPP,
			};
	ret = bpf_program__set_insns(program, insns, count);
	free(insns);
	return ret;
}

int dispatcher_extend(
	struct dispatcher **dispatcher, struct bpf_program *program, bool changes, struct err *err)
{
	struct dispatcher *d = calloc(1, sizeof(*d));
	int ret;

	if (!d)
		return err_set(err, -ENOMEM, "make room for the dispatcher");
	d->stand_in = stand_in__open_and_load();
	if (!d->stand_in) {
		ret = -errno;
		free(d);
		return err_set(err, ret, "load a program to extend");
	}
	ret = bpf_program__set_type(program, BPF_PROG_TYPE_EXT);
	if (!ret)
		ret = bpf_program__set_expected_attach_type(program, 0);
	if (!ret && !changes)
		ret = leave_changes_out(program);
	if (!ret)
		ret = bpf_program__set_attach_target(
			program, bpf_program__fd(d->stand_in->progs.stand_in), "slot");
	if (ret) {
		dispatcher_close(d);
		return dispatcher_refused(ret, "find a function to replace", err);
	}
	*dispatcher = d;
	return 0;
}

int dispatcher_check(int program_fd, struct err *err)
{
	/* without a target it is the one that it was loaded for */
	int fd = bpf_raw_tracepoint_open(NULL, program_fd);

	if (fd < 0)
		return dispatcher_refused(fd, "replace a function", err);
	close(fd);
	return 0;
}

static int attach_failed(int ret, uint32_t ifindex, struct err *err)
{
	struct xdp_multiprog *there = xdp_multiprog__get_from_ifindex((int)ifindex);
	bool alone = !libxdp_get_error(there) && xdp_multiprog__is_legacy(there);

	if (!libxdp_get_error(there))
		xdp_multiprog__close(there);
	if (alone || ret == -EBUSY || ret == -EEXIST)
		return err_set(err, -EBUSY, "enter the dispatcher");
	err_set(err, ret, "enter the dispatcher");
	if (ret == -EPERM)
		return err_add(err, ret, " (needs CAP_SYS_ADMIN)");
	if (ret == -ENOENT)
		err_add(err, ret, " (is there a bpffs? mount -t bpf bpf /sys/fs/bpf)");
	return *libxdp_line ? err_add(err, ret, ": libxdp says: %s", libxdp_line) : ret;
}

int dispatcher_attach(struct dispatcher *dispatcher, int program_fd, uint32_t ifindex, bool generic,
	struct err *err)
{
	int fd = fcntl(program_fd, F_DUPFD_CLOEXEC, 0); /* libxdp closes what it is given */
	struct xdp_program *program;
	int ret;

	if (fd < 0)
		return err_set(err, -errno, "enter the dispatcher");
	libxdp_set_print(libxdp_keep);
	libxdp_line[0] = '\0';
	program = xdp_program__from_fd(fd);
	ret = (int)libxdp_get_error(program);
	if (ret) {
		close(fd);
		return err_set(err, ret, "describe the program to libxdp");
	}
	ret = xdp_program__attach(
		program, (int)ifindex, generic ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
	if (ret) {
		xdp_program__close(program);
		return attach_failed(ret, ifindex, err);
	}
	dispatcher->program = program;
	dispatcher->ifindex = ifindex;
	dispatcher->generic = generic;
	return 0;
}

int dispatcher_exchange(
	struct dispatcher *dispatcher, int program_fd, struct dispatcher *previous, struct err *err)
{
	int previous_fd = fcntl(xdp_program__fd(previous->program), F_DUPFD_CLOEXEC, 0), ret;

	if (previous_fd < 0)
		return err_set(err, -errno, "exchange the XDP program");
	dispatcher_detach(previous);
	ret = dispatcher_attach(dispatcher, program_fd, previous->ifindex, previous->generic, err);
	if (ret)
		dispatcher_attach(
			previous, previous_fd, previous->ifindex, previous->generic, NULL);
	close(previous_fd);
	return ret;
}

void dispatcher_detach(struct dispatcher *dispatcher)
{
	int ifindex = (int)dispatcher->ifindex;

	if (!dispatcher->program)
		return;
	/* with an interface that has gone its dispatcher went, too, but not what was pinned */
	if (xdp_program__detach(dispatcher->program, ifindex, XDP_MODE_UNSPEC, 0))
		libxdp_clean_references(ifindex);
	xdp_program__close(dispatcher->program);
	dispatcher->program = NULL;
}

void dispatcher_close(struct dispatcher *dispatcher)
{
	if (!dispatcher)
		return;
	dispatcher_detach(dispatcher);
	stand_in__destroy(dispatcher->stand_in);
	free(dispatcher);
}

/* True when a process has a descriptor of the program. */
static bool is_held_by(int pid, uint32_t id)
{
	char path[64], line[128], wanted[32];
	bool held = false;
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	snprintf(wanted, sizeof(wanted), "prog_id:\t%u\n", id);
	folder = opendir(path);
	while (folder && !held && (entry = readdir(folder))) {
		char name[128];
		FILE *file;

		snprintf(name, sizeof(name), "%s/%.32s", path, entry->d_name);
		file = fopen(name, "re");
		while (file && !held && fgets(line, sizeof(line), file))
			held = !strcmp(line, wanted);
		if (file)
			fclose(file);
	}
	if (folder)
		closedir(folder);
	return held;
}

static int holder_of(uint32_t id)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int holder = 0;

	while (folder && !holder && (entry = readdir(folder))) {
		int pid = atoi(entry->d_name);

		if (pid > 0 && pid != getpid() && is_held_by(pid, id))
			holder = pid;
	}
	if (folder)
		closedir(folder);
	return holder;
}

unsigned dispatcher_find(
	uint32_t ifindex, const char *name, struct dispatcher_program *found, unsigned max)
{
	struct xdp_multiprog *there;
	struct xdp_program *program = NULL;
	unsigned count = 0;

	libxdp_set_print(libxdp_keep);
	there = xdp_multiprog__get_from_ifindex((int)ifindex);
	if (libxdp_get_error(there))
		return 0;
	while (!xdp_multiprog__is_legacy(there) &&
		(program = xdp_multiprog__next_prog(program, there))) {
		if (strcmp(xdp_program__name(program), name))
			continue;
		if (count < max) {
			found[count].id = xdp_program__id(program);
			found[count].pid = holder_of(found[count].id);
		}
		count++;
	}
	xdp_multiprog__close(there);
	return count;
}

int dispatcher_remove(uint32_t ifindex, uint32_t id, struct err *err)
{
	struct xdp_program *program;
	int ret;

	libxdp_set_print(libxdp_keep);
	libxdp_line[0] = '\0';
	program = xdp_program__from_id(id);
	ret = (int)libxdp_get_error(program);
	if (ret)
		return err_set(err, ret, "find program %u", id);
	ret = xdp_program__detach(program, (int)ifindex, XDP_MODE_UNSPEC, 0);
	xdp_program__close(program);
	if (!ret)
		return 0;
	err_set(err, ret, "take program %u out of the dispatcher", id);
	return *libxdp_line ? err_add(err, ret, ": libxdp says: %s", libxdp_line) : ret;
}
