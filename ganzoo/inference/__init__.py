"""What a trained model is used for: samples, walks, projections, neighbours and exports."""
