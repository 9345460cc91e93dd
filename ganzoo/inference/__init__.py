"""Uses of a trained model: samples, walks, translations, projections, nearest images and exports."""
