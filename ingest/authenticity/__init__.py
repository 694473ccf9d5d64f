"""Data quality (数据质量): patterns of careless or made-up records, asked about with their uncertainty."""
