resource "aws_cloudwatch_log_group" "worker" {
  name              = "/temporal-fargate/dev"
  retention_in_days = 7
}

resource "aws_ecs_cluster" "this" {
  name = local.name
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_ecs_task_definition" "worker" {
  family                   = "${local.name}_worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }
  container_definitions = jsonencode([{
    name            = "worker"
    image           = "${aws_ecr_repository.worker.repository_url}@${var.image_digest}"
    essential       = true
    stopTimeout     = 120
    user            = "1000:1000"
    linuxParameters = { initProcessEnabled = true }
    # As ECS gives them back; the provider would see a difference otherwise.
    mountPoints    = []
    portMappings   = []
    systemControls = []
    volumesFrom    = []
    environment = [
      { name = "TEMPORAL_ADDRESS", value = "127.0.0.1:1" },
      { name = "TEMPORAL_NAMESPACE", value = "default" },
      { name = "TEMPORAL_TASK_QUEUE", value = "test-queue" },
      { name = "DATA_BUCKET", value = aws_s3_bucket.data.id },
    ]
    secrets = [{ name = "TEMPORAL_API_KEY", valueFrom = "${aws_secretsmanager_secret.temporal.arn}:TEMPORAL_API_KEY::" }]
    healthCheck = {
      command     = ["CMD-SHELL", "test -e /tmp/worker-alive || exit 1"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }
    logConfiguration = {
      logDriver     = "awslogs"
      secretOptions = []
      options = {
        awslogs-group         = aws_cloudwatch_log_group.worker.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "worker"
        mode                  = "non-blocking"
        max-buffer-size       = "10m"
      }
    }
  }])
  depends_on = [
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_s3_bucket_policy.data,
    aws_secretsmanager_secret_version.temporal,
  ]
}

resource "aws_ecs_service" "worker" {
  name                               = "worker"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.worker.arn
  desired_count                      = 1
  platform_version                   = "LATEST"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  availability_zone_rebalancing      = "ENABLED"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  # `init` is done when the deployment is, too.
  wait_for_steady_state = true
  capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 4
  }
  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets         = aws_subnet.private[*].id
    security_groups = [aws_security_group.worker.id]
  }
  lifecycle {
    ignore_changes = [desired_count]
  }
  depends_on = [
    aws_ecs_cluster_capacity_providers.this,
    aws_route.private,
    aws_route_table_association.private,
  ]
}
