// SPDX-License-Identifier: BSD-2-Clause
#include "service/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/clock.h"

/* How far a source may be ahead of its rate: what fits into its bucket at once. Packets come in bursts:
 * schedulers, interrupt moderation and GSO put off a sender's packets by milliseconds. */
#define BURST_NS (100 * NSEC_PER_MSEC)
#define BURST_PACKETS 64
/* A cell's depth. Its clock stands still for up to 10 ms (CONFIG_HZ = 100). */
#define CELL_BURST_NS (50 * NSEC_PER_MSEC)
#define CELL_BURST_PACKETS 32
/* A source may use this part of its limit unseen: a cell has others' packets, too, and what passes there must
 * not add to what the bucket lets through. */
#define CELL_SHARE 2

/* A prefix on its way into the trie. */
struct entry {
	struct prefix prefix;
	uint32_t number; /* from 1 */
};

static int compare_entries(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;

	return prefix_compare(&a->prefix, &b->prefix);
}

static void fill(struct access_node *node, uint32_t child)
{
	for (unsigned i = 0; i < ACCESS_CHILDREN; i++)
		node->child[i] = child;
}

/* Adds `count` nodes whose children all have that value. Returns the first one's number; UINT32_MAX: no
 * memory. */
static uint32_t add_nodes(struct access *a, unsigned count, uint32_t child)
{
	unsigned first = a->nodes_count, room = a->nodes_room;

	while (room < first + count)
		room = room ? 2 * room : ACCESS_ROOT_NODES;
	if (room > a->nodes_room) {
		struct access_node *nodes = aligned_alloc(64, room * sizeof(*nodes));

		if (!nodes)
			return UINT32_MAX;
		if (a->nodes)
			memcpy(nodes, a->nodes, first * sizeof(*nodes));
		free(a->nodes);
		a->nodes = nodes;
		a->nodes_room = room;
	}
	a->nodes_count += count;
	for (unsigned i = 0; i < count; i++)
		fill(&a->nodes[first + i], child);
	return first;
}

/* Bits from..from + 3 of a prefix. */
static unsigned nibble(const struct prefix *prefix, unsigned from)
{
	return prefix->word[from / 64] >> (64 - ACCESS_STRIDE - from % 64) & (ACCESS_CHILDREN - 1);
}

/* The number of the node below a child, which may be new. */
static uint32_t descend(struct access *a, uint32_t node, unsigned child)
{
	uint32_t below = a->nodes[node].child[child];

	if (below & ACCESS_INNER)
		return below & ~ACCESS_INNER;
	below = add_nodes(a, 1, below);
	if (below != UINT32_MAX)
		a->nodes[node].child[child] = below | ACCESS_INNER;
	return below;
}

static void enter_at_root(struct access *a, const struct entry *entry, uint32_t root)
{
	unsigned first = (unsigned)(entry->prefix.word[0] >> (64 - ACCESS_ROOT_BITS));
	unsigned count = 1u << (ACCESS_ROOT_BITS - entry->prefix.bits);

	for (unsigned i = first; i < first + count; i++)
		a->nodes[root + i / ACCESS_CHILDREN].child[i % ACCESS_CHILDREN] = entry->number;
}

/* Enters a prefix that is no shorter than those before it: it overwrites what they said. */
static int enter(struct access *a, const struct entry *entry)
{
	const struct prefix *prefix = &entry->prefix;
	uint32_t node = a->rule.root[prefix->is_ipv6];
	unsigned at = ACCESS_ROOT_BITS - ACCESS_STRIDE, left, first;

	if (prefix->bits <= ACCESS_ROOT_BITS) {
		enter_at_root(a, entry, node);
		return 0;
	}
	node += (uint32_t)(prefix->word[0] >> (64 - at));
	for (; prefix->bits > at + ACCESS_STRIDE; at += ACCESS_STRIDE) {
		node = descend(a, node, nibble(prefix, at));
		if (node == UINT32_MAX)
			return -ENOMEM;
	}
	left = at + ACCESS_STRIDE - prefix->bits;
	first = nibble(prefix, at);
	for (unsigned i = first; i < first + (1u << left); i++)
		a->nodes[node].child[i] = entry->number;
	return 0;
}

/* Copies a list without what is in it twice, sorted. Returns how many that are. */
static uint32_t take_list(struct prefix *first, const struct prefix_list *list)
{
	struct prefix *to = first;

	if (!list->count)
		return 0;
	memcpy(first, list->list, list->count * sizeof(*first));
	qsort(first, list->count, sizeof(*first), prefix_compare);
	for (unsigned i = 0; i < list->count; i++)
		if (to == first || prefix_compare(&first[i], to - 1))
			*to++ = first[i];
	return (uint32_t)(to - first);
}

int access_list(const struct access_settings *settings, struct prefix **list, uint32_t *count,
	uint32_t *denies)
{
	unsigned most = settings->deny.count + settings->allow.count;

	*count = *denies = 0;
	*list = NULL;
	if (!most)
		return 0;
	*list = calloc(most, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	*denies = take_list(*list, &settings->deny);
	*count = *denies + take_list(*list + *denies, &settings->allow);
	return 0;
}

static int make_roots(struct access *a)
{
	for (uint32_t i = 0; i < a->rule.rules; i++)
		a->rule.has[a->prefixes[i].is_ipv6] = 1;
	for (unsigned family = 0; family < 2; family++) {
		if (!a->rule.has[family])
			continue;
		a->rule.root[family] = add_nodes(a, ACCESS_ROOT_NODES, 0);
		if (a->rule.root[family] == UINT32_MAX)
			return -ENOMEM;
	}
	return 0;
}

static int make_trie(struct access *a)
{
	struct entry *entries = calloc(a->rule.rules, sizeof(*entries));
	int ret = entries ? make_roots(a) : -ENOMEM;

	for (uint32_t i = 0; !ret && i < a->rule.rules; i++)
		entries[i] = (struct entry){ a->prefixes[i], i + 1 };
	if (!ret)
		qsort(entries, a->rule.rules, sizeof(*entries), compare_entries);
	for (uint32_t i = 0; !ret && i < a->rule.rules; i++)
		ret = enter(a, &entries[i]);
	free(entries);
	return ret;
}

static int make_prefixes(struct access *a, const struct access_settings *settings)
{
	int ret = access_list(settings, &a->prefixes, &a->rule.rules, &a->rule.denies);

	return ret || !a->rule.rules ? ret : make_trie(a);
}

static uint64_t deeper(uint64_t burst_ns, uint64_t packets)
{
	return burst_ns << 8 > packets ? burst_ns << 8 : packets;
}

static void set_limit(struct access_rule *rule, uint64_t pps)
{
	const uint64_t second = NSEC_PER_SEC << 8;

	if (!pps)
		return;
	rule->cost = (second + pps - 1) / pps;
	rule->burst = deeper(BURST_NS, BURST_PACKETS * rule->cost);
	rule->cell_cost = CELL_SHARE * rule->cost;
	rule->cell_burst = deeper(CELL_BURST_NS, CELL_BURST_PACKETS * rule->cell_cost);
	/* the kernel's own random bytes for this process; the same for its life, as cells are */
	memcpy(&rule->seed, (const void *)getauxval(AT_RANDOM), sizeof(rule->seed));
}

static int set_memory(struct access *a, struct access_state *state)
{
	a->memory.nodes = a->nodes;
	if (!state)
		return 0;
	a->memory.sketch = &state->sketch;
	a->memory.sets = state->sets;
	a->memory.samples = &state->samples;
	if (!a->rule.rules)
		return 0;
	a->memory.hits = calloc((size_t)a->rule.slots * a->rule.rules, sizeof(*a->memory.hits));
	return a->memory.hits ? 0 : -ENOMEM;
}

int access_compile(struct access **access, const struct access_settings *settings, unsigned slots,
	bool samples, struct access_state *state, struct err *err)
{
	struct access *a = calloc(1, sizeof(*a));
	int ret = a ? make_prefixes(a, settings) : -ENOMEM;

	if (!ret) {
		a->rule.slots = (uint8_t)slots;
		a->rule.only_allowed = settings->allow.count > 0;
		a->rule.on = access_is_set(settings);
		a->rule.samples = a->rule.on || samples;
		set_limit(&a->rule, settings->source_pps);
		ret = set_memory(a, state);
	}
	if (ret) {
		access_free(a);
		return err_set(err, ret, "make room for the prefixes of [access]");
	}
	*access = a;
	return 0;
}

void access_free(struct access *access)
{
	if (!access)
		return;
	free(access->prefixes);
	free(access->nodes);
	free(access->memory.hits);
	free(access);
}

bool access_is_same(const struct access *access, const struct access *other)
{
	if (memcmp(&access->rule, &other->rule, sizeof(access->rule)))
		return false;
	for (uint32_t i = 0; i < access->rule.rules; i++)
		if (prefix_compare(&access->prefixes[i], &other->prefixes[i]))
			return false;
	return true;
}

struct access_program access_program(const struct access *access)
{
	return (struct access_program){ &access->rule, access->nodes, access->nodes_count };
}

bool access_is_set(const struct access_settings *settings)
{
	return settings->deny.count || settings->allow.count || settings->source_pps;
}

int access_check(const struct access_settings *settings, struct err *err)
{
	struct prefix *denied;
	char text[PREFIX_TEXT];
	int ret = 0;

	if (!settings->deny.count || !settings->allow.count)
		return 0;
	denied = malloc(settings->deny.count * sizeof(*denied));
	if (!denied)
		return err_set(err, -ENOMEM, "compare the lists");
	memcpy(denied, settings->deny.list, settings->deny.count * sizeof(*denied));
	qsort(denied, settings->deny.count, sizeof(*denied), prefix_compare);
	for (unsigned i = 0; !ret && i < settings->allow.count; i++) {
		const struct prefix *prefix = &settings->allow.list[i];

		if (!bsearch(prefix, denied, settings->deny.count, sizeof(*denied), prefix_compare))
			continue;
		prefix_print(text, prefix);
		ret = err_say(err, -EINVAL, "%s is in deny, too", text);
	}
	free(denied);
	return ret;
}

void access_settings_fini(struct access_settings *settings)
{
	prefix_list_fini(&settings->deny);
	prefix_list_fini(&settings->allow);
}
