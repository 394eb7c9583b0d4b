-- What a connection sent and received together; NULL where the event is not of a connection. A column, so that the
-- database can add it up by itself. Events stored before have none: where they are counted again, they count 0 bytes.
alter table events add column network_bytes bigint;
