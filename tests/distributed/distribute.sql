-- On the coordinator. More shards than workers, so that each worker has several.
SET citus.shard_count = 4;
SELECT create_distributed_table('by_bigint', 'member_bigint');
SELECT create_distributed_table('by_uuid', 'member_uuid');
SELECT create_distributed_table('by_text', 'member_text');
SELECT create_distributed_table('by_order', 'order_id');
SELECT create_distributed_table('by_bucket', 'bucket');
SELECT create_distributed_table('stored', 'country');
