/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/interrupt.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/ethtool.h"

/* The number at the end of the first `length` characters; false when there is none. */
static bool interrupt_number(const char *name, size_t length, uint32_t *number)
{
	size_t start = length;

	while (start && isdigit((unsigned char)name[start - 1]))
		start--;
	if (start == length)
		return false;
	*number = (uint32_t)strtoul(name + start, NULL, 10);
	return true;
}

unsigned interrupt_fit(const char *name, const char *link, uint32_t queue)
{
	bool receives =
		strcasestr(name, "rx") || strcasestr(name, "input") || strcasestr(name, "comp");
	bool sends = strcasestr(name, "tx") || strcasestr(name, "output");
	uint32_t number;

	/* behind '@' mlx5 and mana have the device's address */
	if (!interrupt_number(name, strcspn(name, "@"), &number) || number != queue)
		return 0;
	if (sends && !receives)
		return 0;
	return 1 + 2 * receives + 4 * !!strstr(name, link);
}

/* Whether a line of /proc/interrupts is about an interrupt; finds its number and its last word. */
static bool interrupt_line_read(char *line, uint32_t *irq, const char **name)
{
	char *end, *blank;
	unsigned long number = strtoul(line, &end, 10);

	if (end == line || *end != ':')
		return false;
	line[strcspn(line, "\n")] = '\0';
	blank = strrchr(line, ' ');
	if (!blank)
		return false;
	*irq = (uint32_t)number;
	*name = blank + 1;
	return true;
}

static bool interrupt_is_of_device(const char *device, uint32_t irq)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/msi_irqs/%u", device, irq);
	return !access(path, F_OK);
}

int interrupt_find(const char *link, uint32_t queue, uint32_t *irq, struct err *err)
{
	struct ethtool_drvinfo driver;
	unsigned best = 0;
	char *line = NULL;
	size_t room = 0;
	FILE *file;

	/* by the bus address, which means the same in every namespace, unlike /sys/class/net */
	if (ethtool_driver_read(link, &driver) || !driver.bus_info[0] ||
		strchr(driver.bus_info, '/'))
		return err_say(
			err, -ENOENT, "%s queue %u: not a device with interrupts", link, queue);
	file = fopen("/proc/interrupts", "re");
	if (!file)
		return err_set(err, -errno, "%s queue %u: read /proc/interrupts", link, queue);
	while (getline(&line, &room, file) > 0) {
		const char *name;
		uint32_t number;
		unsigned fit;

		if (!interrupt_line_read(line, &number, &name))
			continue;
		fit = interrupt_fit(name, link, queue);
		if (fit > best && interrupt_is_of_device(driver.bus_info, number)) {
			best = fit;
			*irq = number;
		}
	}
	free(line);
	fclose(file);
	return best ? 0
		    : err_say(err, -ENOENT, "%s queue %u: no interrupt of %s has its number", link,
			      queue, driver.bus_info);
}

static int interrupt_write(uint32_t irq, const char *cpus, struct err *err)
{
	char path[64];
	int fd, code = 0;

	snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, cpus, strlen(cpus)) < 0) {
		code = err_set(err, -errno, "send interrupt %u to CPU %s", irq, cpus);
		if (code == -EACCES || code == -EPERM)
			err_add(err, code, " (needs root or CAP_DAC_OVERRIDE)");
		else if (code == -EIO)
			err_add(err, code, " (the kernel manages this interrupt itself)");
	}
	if (fd >= 0)
		close(fd);
	return code;
}

int interrupt_cpus(uint32_t irq, char *cpus, unsigned size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	cpus[0] = '\0';
	if (fgets(cpus, (int)size, file))
		cpus[strcspn(cpus, "\n")] = '\0';
	fclose(file);
	return cpus[0] ? 0 : -EIO;
}

int interrupt_pin(uint32_t irq, uint32_t cpu, struct interrupt_affinity *before, struct err *err)
{
	int code = interrupt_cpus(irq, before->before, sizeof(before->before));
	char text[16];

	before->irq = irq;
	if (code) {
		before->before[0] = '\0';
		return err_set(err, code, "read the affinity of interrupt %u", irq);
	}
	snprintf(text, sizeof(text), "%u", cpu);
	return interrupt_write(irq, text, err);
}

int interrupt_restore(const struct interrupt_affinity *before, struct err *err)
{
	return before->before[0] ? interrupt_write(before->irq, before->before, err) : 0;
}
