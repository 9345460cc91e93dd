"""Shares a trained model on the Hugging Face hub: a folder with weights, pictures and a model card, and its upload."""
