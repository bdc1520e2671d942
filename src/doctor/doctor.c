/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor/doctor.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/netns.h"
#include "net/veth.h"

const char *const finding_state_names[FINDING_STATES] = { "ok", "unknown", "warn", "fail" };

void finding_set(struct finding *finding, enum finding_state state, const char *format, ...)
{
	va_list args;

	finding->state = state;
	va_start(args, format);
	vsnprintf(finding->value, sizeof(finding->value), format, args);
	va_end(args);
}

void finding_set_refused(struct finding *finding, int code, const char *what)
{
	if (code == -EPERM || code == -EACCES)
		finding_set(finding, FINDING_UNKNOWN, "may not try: %s", strerror(-code));
	else
		finding_set(finding, FINDING_WARN, "%s: %s", what, strerror(-code));
}

void finding_advise(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->mend, sizeof(finding->mend), format, args);
	va_end(args);
}

/* Interfaces and namespaces can have nearly any name. */
static bool is_shell_safe(const char *word)
{
	for (const char *at = word; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._:@/-", *at))
			return false;
	return *word != '-';
}

static void write_command(
	char *text, size_t size, const struct subject *subject, const char *format, va_list args)
{
	const struct config_interface *interface = subject->interface;
	const char *netns = interface ? interface->netns : "";
	size_t used = 0;

	if (interface && (!is_shell_safe(interface->name) || !is_shell_safe(netns)))
		return;
	if (strchr(netns, '/'))
		used = (size_t)snprintf(text, size, "nsenter --net=%s ", netns);
	else if (*netns)
		used = (size_t)snprintf(text, size, "ip netns exec %s ", netns);
	if (used < size)
		vsnprintf(text + used, size - used, format, args);
}

void finding_mend(struct finding *finding, const struct subject *subject, const char *mend, ...)
{
	va_list args;

	va_start(args, mend);
	write_command(finding->mend, sizeof(finding->mend), subject, mend, args);
	va_end(args);
}

void finding_undo(struct finding *finding, const struct subject *subject, const char *undo, ...)
{
	va_list args;

	va_start(args, undo);
	write_command(finding->undo, sizeof(finding->undo), subject, undo, args);
	va_end(args);
}

static bool wants_xdp(const struct config_interface *interface)
{
	return interface->io == IO_AUTO || interface->io == IO_AF_XDP;
}

bool subject_wants_xdp(const struct subject *subject)
{
	if (subject->interface)
		return wants_xdp(subject->interface);
	for (unsigned i = 0; subject->config && i < subject->config->interfaces_count; i++)
		if (wants_xdp(&subject->config->interfaces[i]))
			return true;
	return !subject->config;
}

unsigned subject_queues(const struct subject *subject)
{
	if (subject->interface->queues.count)
		return subject->interface->queues.count;
	return subject->found ? subject->link.rx_queues : 1;
}

static unsigned long long packet_memory(const struct config_interface *interface)
{
	struct subject subject = { .interface = interface };
	unsigned frames = interface->frames ? interface->frames : CONFIG_FRAMES_MIN;
	int back = netns_enter(interface->netns, NULL);

	if (back >= 0) {
		subject.found = !link_read(&subject.link, interface->name, NULL);
		netns_leave(back);
	}
	return (unsigned long long)subject_queues(&subject) * frames * interface->frame_size;
}

unsigned long long subject_packet_memory(const struct subject *subject)
{
	unsigned long long bytes = 0;

	for (unsigned i = 0; subject->config && i < subject->config->interfaces_count; i++)
		if (wants_xdp(&subject->config->interfaces[i]))
			bytes += packet_memory(&subject->config->interfaces[i]);
	return bytes;
}

struct apart {
	void (*look)(struct finding *finding);
	struct finding *finding;
	int code;
};

static void *look_apart(void *context)
{
	struct apart *apart = context;

	apart->code = unshare(CLONE_NEWNET) ? -errno : veth_set_up("lo", NULL);
	if (!apart->code)
		apart->look(apart->finding);
	return NULL;
}

/* In a thread, whose namespace ends with it; the caller never leaves its own. */
int doctor_run_apart(void (*look)(struct finding *finding), struct finding *finding)
{
	struct apart apart = { .look = look, .finding = finding };
	pthread_t thread;
	int code = -pthread_create(&thread, NULL, look_apart, &apart);

	if (code)
		return code;
	pthread_join(thread, NULL);
	return apart.code;
}

void doctor_try_apart(void (*look)(struct finding *finding), struct finding *finding)
{
	int code = doctor_run_apart(look, finding);

	if (code)
		finding_set(finding, FINDING_UNKNOWN, "may not try: make a network namespace: %s",
			strerror(-code));
}

static bool examine(const struct probe *probes, const struct subject *subject, const char *scope,
	doctor_take *take, void *context)
{
	bool good = true;

	for (const struct probe *probe = probes; probe->name; probe++) {
		struct finding finding = { .state = FINDING_UNKNOWN };

		if (probe->needs_link && !subject->found)
			continue;
		probe->look(subject, &finding);
		good &= finding.state != FINDING_FAIL;
		take(context, scope, probe, &finding);
	}
	return good;
}

static bool examine_interface(const struct config *config, const struct config_interface *interface,
	bool passive, doctor_take *take, void *context)
{
	struct subject subject = { .config = config, .interface = interface, .passive = passive };
	int back;
	bool good;

	if (interface->io == IO_PCAP)
		return true;
	back = netns_enter(interface->netns, &subject.link_err);
	if (back >= 0)
		subject.found = !link_read(&subject.link, interface->name, &subject.link_err);
	good = examine(doctor_link_probes, &subject, interface->name, take, context);
	good &= examine(doctor_driver_probes, &subject, interface->name, take, context);
	if (back >= 0)
		netns_leave(back);
	return good;
}

bool doctor_examine(const struct config *config, bool passive, doctor_take *take, void *context)
{
	const struct subject machine = { .config = config, .passive = passive };
	bool good = examine(doctor_kernel_probes, &machine, "machine", take, context);

	good &= examine(doctor_feature_probes, &machine, "machine", take, context);
	good &= examine(doctor_machine_probes, &machine, "machine", take, context);
	for (unsigned i = 0; config && i < config->interfaces_count; i++)
		good &= examine_interface(config, &config->interfaces[i], passive, take, context);
	return good;
}
