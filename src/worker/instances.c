// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/access_maps.h"
#include "worker/instances.h"

static const struct access_loader access_loader = {
	.set_up = access_maps_set_up,
	.is_rules = access_maps_is_rules,
	.open = access_maps_open,
	.close = access_maps_close,
};

int instances_open_one(const struct config *config, const struct config_service *service,
	struct log *log, const struct service_type *types[SERVICE_SLOTS],
	void *instances[SERVICE_SLOTS], struct err *err)
{
	const struct service_start start = {
		.name = service->name,
		.settings = service->settings,
		.slot = service->slot,
		.access = &config->access,
		.loader = &access_loader,
		.log = log,
	};
	int ret = 0;

	if (service->type->open)
		ret = service->type->open(&start, &instances[service->slot], err);
	if (ret)
		return err_where(err, ret, "service %s", service->name);
	types[service->slot] = service->type;
	return 0;
}

int instances_open(struct pool *pool, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < pool->config->services_count; i++)
		ret = instances_open_one(pool->config, &pool->config->services[i], pool->log,
			pool->types, pool->instances, err);
	return ret;
}

void instances_close_one(const struct service_type *types[SERVICE_SLOTS],
	void *instances[SERVICE_SLOTS], unsigned slot)
{
	if (types[slot] && types[slot]->close)
		types[slot]->close(instances[slot]);
	types[slot] = NULL;
	instances[slot] = NULL;
}

void instances_close(struct pool *pool)
{
	pthread_mutex_lock(&pool->clients_lock);
	for (unsigned slot = 0; slot < SERVICE_SLOTS; slot++)
		instances_close_one(pool->types, pool->instances, slot);
	pthread_mutex_unlock(&pool->clients_lock);
}

/* The slot whose instance knows the name, or -1; what it says of the client goes to *verdict. */
static int judge(struct pool *pool, const char *name, const struct service_client *client,
	int *verdict, struct err *err)
{
	for (int slot = 0; slot < SERVICE_SLOTS; slot++) {
		const struct service_type *type = pool->types[slot];

		*verdict = type && type->judge
				   ? type->judge(pool->instances[slot], name, client, err)
				   : -ENOENT;
		if (*verdict != -ENOENT)
			return slot;
	}
	return -1;
}

int pool_judge_client(
	struct pool *pool, const char *name, const struct service_client *client, struct err *err)
{
	int slot, verdict;

	pthread_mutex_lock(&pool->clients_lock);
	slot = judge(pool, name, client, &verdict, err);
	pthread_mutex_unlock(&pool->clients_lock);
	return slot < 0 ? err_say(err, -ENOENT, "there is no ring '%s'", name) : verdict;
}

void pool_take_client(
	struct pool *pool, const char *name, const struct service_client *client, int socket)
{
	int slot, verdict;

	pthread_mutex_lock(&pool->clients_lock);
	slot = judge(pool, name, client, &verdict, NULL);
	if (slot >= 0 && !verdict)
		pool->types[slot]->take(pool->instances[slot], name, client, socket);
	else
		close(socket); /* the service has gone since */
	pthread_mutex_unlock(&pool->clients_lock);
}

static void add_figures(struct snapshot *s, unsigned index, const struct service_type *type,
	const union figure_value *values)
{
	for (unsigned i = 0; i < type->figures_count && s->figures_count < SNAPSHOT_FIGURES; i++) {
		struct snapshot_figure *figure = &s->figures[s->figures_count++];

		figure->service = index;
		figure_describe(&figure->text, type->figures, i);
		figure->value = values[i];
	}
}

void instances_add_tables(struct snapshot *s, unsigned index, const struct figure_table *tables,
	unsigned count, struct figure_sample *sample)
{
	*sample = (struct figure_sample){
		.tables = tables,
		.first_table = s->tables_count,
		.rows = s->rows,
		.rows_count = &s->rows_count,
		.rows_max = SNAPSHOT_ROWS,
	};
	for (unsigned i = 0; i < count && s->tables_count < SNAPSHOT_TABLES; i++) {
		struct snapshot_table *table = &s->tables[s->tables_count++];
		const struct figure_table *from = &tables[i];

		table->service = index;
		table->columns_count = from->columns_count;
		snprintf(table->name, sizeof(table->name), "%s", from->name);
		snprintf(table->row, sizeof(table->row), "%s", from->row);
		snprintf(table->help, sizeof(table->help), "%s", from->help);
		snprintf(table->set, sizeof(table->set), "%s", from->set ? from->set : "");
		snprintf(table->set_to, sizeof(table->set_to), "%s",
			from->set_to ? from->set_to : "");
		for (unsigned k = 0; k < from->columns_count; k++)
			figure_describe(&table->columns[k], from->columns, k);
	}
	sample->tables_count = s->tables_count - sample->first_table;
}

void instances_sample(
	const struct service_type *type, void *instance, unsigned index, struct snapshot *snapshot)
{
	struct figure_sample sample;

	instances_add_tables(snapshot, index, type->tables, type->tables_count, &sample);
	figure_forget(sample.figures, type->figures, type->figures_count);
	if (type->sample)
		type->sample(instance, &sample);
	add_figures(snapshot, index, type, sample.figures);
}
