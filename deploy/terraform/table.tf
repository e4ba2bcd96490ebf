# The one table. What it is made of stands in adapters/dynamodb_layout.json, which
# `cnop store create` reads too, so that both make the same table.

variable "table_name" {
  description = "The table that CNOP_STORE=dynamodb:NAME names."
  type        = string
  default     = "cnop"
}

locals {
  layout = jsondecode(file("${path.module}/../../adapters/dynamodb_layout.json"))
}

resource "aws_dynamodb_table" "store" {
  name                        = var.table_name
  billing_mode                = local.layout.billing_mode
  hash_key                    = local.layout.hash_key
  range_key                   = local.layout.range_key
  deletion_protection_enabled = local.layout.deletion_protection

  dynamic "attribute" {
    for_each = local.layout.attributes
    content {
      name = attribute.value.name
      type = attribute.value.type
    }
  }

  dynamic "local_secondary_index" {
    for_each = local.layout.local_indexes
    content {
      name            = local_secondary_index.value.name
      range_key       = local_secondary_index.value.range_key
      projection_type = local_secondary_index.value.projection
    }
  }

  ttl {
    attribute_name = local.layout.expiry_attribute
    enabled        = true
  }

  point_in_time_recovery {
    enabled = local.layout.point_in_time_recovery
  }

  # Another key or index would mean another table, and this one is all the money there is.
  lifecycle {
    prevent_destroy = true
  }
}

output "table_name" {
  value = aws_dynamodb_table.store.name
}

output "table_arn" {
  value = aws_dynamodb_table.store.arn
}
