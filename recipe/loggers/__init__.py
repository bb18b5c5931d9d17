"""Where a run may be written to beside its folder: TensorBoard, W&B, MLflow, Trackio."""
