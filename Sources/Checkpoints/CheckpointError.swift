public enum CheckpointError: Error {}
