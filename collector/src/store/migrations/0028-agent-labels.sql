-- What administrators say of agents: a JSON object of texts.
alter table agents add column labels text not null default '{}';
-- Taken off the list of the fleet. The row stays: its keys are what proves what the agent sent.
alter table agents add column removed_at timestamptz;
