"""What `tipstaff bench` measures: each figure beside the raw limit of the same machine in the same run."""
