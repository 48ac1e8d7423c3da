// Generated from supabase/migrations by `npm run types`. Do not edit: the next run replaces it.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      companies: {
        Row: {
          created_at: string | null;
          description: string | null;
          id: string;
          is_demo: boolean | null;
          name: string;
          settings: Json | null;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string | null;
          description?: string | null;
          id?: string;
          is_demo?: boolean | null;
          name: string;
          settings?: Json | null;
        };
        Update: {
          created_at?: string | null;
          description?: string | null;
          id?: string;
          is_demo?: boolean | null;
          name?: string;
          settings?: Json | null;
        };
        Relationships: [];
      };
      eva_orchestration_sessions: {
        Row: {
          active_agents: string[] | null;
          chairman_oversight: boolean | null;
          company_id: string;
          completed_at: string | null;
          created_at: string | null;
          created_by: string;
          error_log: Json | null;
          failed_at: string | null;
          objective: string | null;
          orchestration_context: Json | null;
          paused_at: string | null;
          performance_summary: Json | null;
          resumed_at: string | null;
          session_id: string;
          session_status: string;
          session_type: string;
          started_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          active_agents?: string[] | null;
          chairman_oversight?: boolean | null;
          company_id: string;
          completed_at?: string | null;
          created_at?: string | null;
          created_by: string;
          error_log?: Json | null;
          failed_at?: string | null;
          objective?: string | null;
          orchestration_context?: Json | null;
          paused_at?: string | null;
          performance_summary?: Json | null;
          resumed_at?: string | null;
          session_id?: string;
          session_status?: string;
          session_type: string;
          started_at?: string | null;
        };
        Update: {
          active_agents?: string[] | null;
          chairman_oversight?: boolean | null;
          company_id?: string;
          completed_at?: string | null;
          created_at?: string | null;
          created_by?: string;
          error_log?: Json | null;
          failed_at?: string | null;
          objective?: string | null;
          orchestration_context?: Json | null;
          paused_at?: string | null;
          performance_summary?: Json | null;
          resumed_at?: string | null;
          session_id?: string;
          session_status?: string;
          session_type?: string;
          started_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "eva_orchestration_sessions_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
      exec_handoff_preparations: {
        Row: {
          accessibility_compliance: Json | null;
          created_at: string | null;
          deliverables_manifest: string[] | null;
          demo_url: string | null;
          documentation_url: string | null;
          handoff_status: string;
          id: string;
          implementation_summary: string;
          known_issues: string[] | null;
          performance_benchmarks: Json | null;
          post_implementation_notes: string | null;
          prepared_at: string | null;
          quality_metrics: Json | null;
          response_at: string | null;
          sd_id: string;
          security_validation: Json | null;
          sent_at: string | null;
          session_id: string;
          test_report_url: string | null;
          test_results: Json | null;
          updated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          accessibility_compliance?: Json | null;
          created_at?: string | null;
          deliverables_manifest?: string[] | null;
          demo_url?: string | null;
          documentation_url?: string | null;
          handoff_status?: string;
          id?: string;
          implementation_summary: string;
          known_issues?: string[] | null;
          performance_benchmarks?: Json | null;
          post_implementation_notes?: string | null;
          prepared_at?: string | null;
          quality_metrics?: Json | null;
          response_at?: string | null;
          sd_id: string;
          security_validation?: Json | null;
          sent_at?: string | null;
          session_id: string;
          test_report_url?: string | null;
          test_results?: Json | null;
          updated_at?: string | null;
        };
        Update: {
          accessibility_compliance?: Json | null;
          created_at?: string | null;
          deliverables_manifest?: string[] | null;
          demo_url?: string | null;
          documentation_url?: string | null;
          handoff_status?: string;
          id?: string;
          implementation_summary?: string;
          known_issues?: string[] | null;
          performance_benchmarks?: Json | null;
          post_implementation_notes?: string | null;
          prepared_at?: string | null;
          quality_metrics?: Json | null;
          response_at?: string | null;
          sd_id?: string;
          security_validation?: Json | null;
          sent_at?: string | null;
          session_id?: string;
          test_report_url?: string | null;
          test_results?: Json | null;
          updated_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "exec_handoff_preparations_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_handoff_preparations_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "checkpoint_gaps";
            referencedColumns: ["session_id"];
          },
          {
            foreignKeyName: "exec_handoff_preparations_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "exec_implementation_sessions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_handoff_preparations_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "session_overview";
            referencedColumns: ["session_id"];
          },
        ];
      };
      exec_implementation_sessions: {
        Row: {
          accessibility_audit: Json | null;
          after_screenshots: string[] | null;
          attempt: number;
          before_screenshots: string[] | null;
          code_quality_score: number | null;
          completed_at: string | null;
          created_at: string | null;
          demo_urls: string[] | null;
          id: string;
          implementation_progress: number | null;
          implementation_type: string;
          orchestrator: string | null;
          performance_metrics: Json | null;
          performance_score: number | null;
          prd_id: string | null;
          pre_impl_checklist: Json | null;
          quality_gates: string[] | null;
          quality_score: number | null;
          sd_id: string;
          security_scan_results: Json | null;
          security_score: number | null;
          session_version: string | null;
          started_at: string | null;
          status: string;
          sub_agent_results: Json | null;
          test_coverage_pct: number | null;
          updated_at: string | null;
          ux_accessibility_score: number | null;
        };
        ComputedFields: never;
        Insert: {
          accessibility_audit?: Json | null;
          after_screenshots?: string[] | null;
          attempt?: number;
          before_screenshots?: string[] | null;
          code_quality_score?: number | null;
          completed_at?: string | null;
          created_at?: string | null;
          demo_urls?: string[] | null;
          id?: string;
          implementation_progress?: number | null;
          implementation_type: string;
          orchestrator?: string | null;
          performance_metrics?: Json | null;
          performance_score?: number | null;
          prd_id?: string | null;
          pre_impl_checklist?: Json | null;
          quality_gates?: string[] | null;
          quality_score?: number | null;
          sd_id: string;
          security_scan_results?: Json | null;
          security_score?: number | null;
          session_version?: string | null;
          started_at?: string | null;
          status?: string;
          sub_agent_results?: Json | null;
          test_coverage_pct?: number | null;
          updated_at?: string | null;
          ux_accessibility_score?: number | null;
        };
        Update: {
          accessibility_audit?: Json | null;
          after_screenshots?: string[] | null;
          attempt?: number;
          before_screenshots?: string[] | null;
          code_quality_score?: number | null;
          completed_at?: string | null;
          created_at?: string | null;
          demo_urls?: string[] | null;
          id?: string;
          implementation_progress?: number | null;
          implementation_type?: string;
          orchestrator?: string | null;
          performance_metrics?: Json | null;
          performance_score?: number | null;
          prd_id?: string | null;
          pre_impl_checklist?: Json | null;
          quality_gates?: string[] | null;
          quality_score?: number | null;
          sd_id?: string;
          security_scan_results?: Json | null;
          security_score?: number | null;
          session_version?: string | null;
          started_at?: string | null;
          status?: string;
          sub_agent_results?: Json | null;
          test_coverage_pct?: number | null;
          updated_at?: string | null;
          ux_accessibility_score?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "exec_implementation_sessions_prd_id_fkey";
            columns: ["prd_id"];
            isOneToOne: false;
            referencedRelation: "product_requirements_v2";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_implementation_sessions_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
        ];
      };
      exec_quality_checkpoints: {
        Row: {
          checkpoint_name: string;
          checkpoint_type: string;
          completed_at: string | null;
          completed_by: string | null;
          completion_notes: string | null;
          created_at: string | null;
          evidence_url: string | null;
          id: string;
          is_complete: boolean | null;
          is_required: boolean | null;
          score: number | null;
          sd_id: string;
          session_id: string;
          updated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          checkpoint_name: string;
          checkpoint_type: string;
          completed_at?: string | null;
          completed_by?: string | null;
          completion_notes?: string | null;
          created_at?: string | null;
          evidence_url?: string | null;
          id?: string;
          is_complete?: boolean | null;
          is_required?: boolean | null;
          score?: number | null;
          sd_id: string;
          session_id: string;
          updated_at?: string | null;
        };
        Update: {
          checkpoint_name?: string;
          checkpoint_type?: string;
          completed_at?: string | null;
          completed_by?: string | null;
          completion_notes?: string | null;
          created_at?: string | null;
          evidence_url?: string | null;
          id?: string;
          is_complete?: boolean | null;
          is_required?: boolean | null;
          score?: number | null;
          sd_id?: string;
          session_id?: string;
          updated_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "exec_quality_checkpoints_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_quality_checkpoints_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "checkpoint_gaps";
            referencedColumns: ["session_id"];
          },
          {
            foreignKeyName: "exec_quality_checkpoints_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "exec_implementation_sessions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_quality_checkpoints_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "session_overview";
            referencedColumns: ["session_id"];
          },
        ];
      };
      okr_generation_log: {
        Row: {
          bottom_up_count: number;
          bottom_up_ratio: number | null;
          created_at: string | null;
          created_by: string | null;
          error_message: string | null;
          generation_date: string;
          id: string;
          period: string;
          source_breakdown: Json | null;
          status: string | null;
          top_down_count: number;
          top_down_ratio: number | null;
          total_krs_generated: number;
          vision_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          bottom_up_count?: number;
          bottom_up_ratio?: number | null;
          created_at?: string | null;
          created_by?: string | null;
          error_message?: string | null;
          generation_date: string;
          id?: string;
          period: string;
          source_breakdown?: Json | null;
          status?: string | null;
          top_down_count?: number;
          top_down_ratio?: number | null;
          total_krs_generated?: number;
          vision_id?: string | null;
        };
        Update: {
          bottom_up_count?: number;
          bottom_up_ratio?: number | null;
          created_at?: string | null;
          created_by?: string | null;
          error_message?: string | null;
          generation_date?: string;
          id?: string;
          period?: string;
          source_breakdown?: Json | null;
          status?: string | null;
          top_down_count?: number;
          top_down_ratio?: number | null;
          total_krs_generated?: number;
          vision_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "okr_generation_log_vision_id_fkey";
            columns: ["vision_id"];
            isOneToOne: false;
            referencedRelation: "strategic_vision";
            referencedColumns: ["id"];
          },
        ];
      };
      orchestration_daily_summaries: {
        Row: {
          action_count: number;
          agent_response_time_p50_ms: number | null;
          agent_response_time_p95_ms: number | null;
          agent_utilization: number | null;
          api_calls_made: number;
          chairman_approvals: number;
          chairman_interventions: number;
          chairman_rejections: number;
          company_id: string;
          compute_cost: number;
          confidence_score: number | null;
          data_quality_score: number | null;
          day: string;
          error_rate: number | null;
          failure_count: number;
          handoff_efficiency: number | null;
          metric_count: number;
          reported_error_rate: number | null;
          stage_duration_p50_ms: number | null;
          stage_duration_p95_ms: number | null;
          success_count: number;
        };
        ComputedFields: never;
        Insert: {
          action_count: number;
          agent_response_time_p50_ms?: number | null;
          agent_response_time_p95_ms?: number | null;
          agent_utilization?: number | null;
          api_calls_made: number;
          chairman_approvals: number;
          chairman_interventions: number;
          chairman_rejections: number;
          company_id: string;
          compute_cost: number;
          confidence_score?: number | null;
          data_quality_score?: number | null;
          day: string;
          error_rate?: number | null;
          failure_count: number;
          handoff_efficiency?: number | null;
          metric_count: number;
          reported_error_rate?: number | null;
          stage_duration_p50_ms?: number | null;
          stage_duration_p95_ms?: number | null;
          success_count: number;
        };
        Update: {
          action_count?: number;
          agent_response_time_p50_ms?: number | null;
          agent_response_time_p95_ms?: number | null;
          agent_utilization?: number | null;
          api_calls_made?: number;
          chairman_approvals?: number;
          chairman_interventions?: number;
          chairman_rejections?: number;
          company_id?: string;
          compute_cost?: number;
          confidence_score?: number | null;
          data_quality_score?: number | null;
          day?: string;
          error_rate?: number | null;
          failure_count?: number;
          handoff_efficiency?: number | null;
          metric_count?: number;
          reported_error_rate?: number | null;
          stage_duration_p50_ms?: number | null;
          stage_duration_p95_ms?: number | null;
          success_count?: number;
        };
        Relationships: [];
      };
      orchestration_metrics: {
        Row: {
          action_count: number | null;
          agent_response_time: string | null;
          agent_utilization: number | null;
          agents_involved: string[] | null;
          api_calls_made: number | null;
          chairman_approvals: number | null;
          chairman_interventions: number | null;
          chairman_rejections: number | null;
          company_id: string | null;
          compute_cost: number | null;
          confidence_score: number | null;
          data_quality_score: number | null;
          error_rate: number | null;
          failure_count: number | null;
          handoff_efficiency: number | null;
          metadata: Json | null;
          metric_id: string;
          metric_period_end: string | null;
          metric_period_start: string | null;
          recorded_at: string | null;
          session_id: string | null;
          stage_duration: string | null;
          stage_id: number | null;
          success_count: number | null;
          venture_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          action_count?: number | null;
          agent_response_time?: string | null;
          agent_utilization?: number | null;
          agents_involved?: string[] | null;
          api_calls_made?: number | null;
          chairman_approvals?: number | null;
          chairman_interventions?: number | null;
          chairman_rejections?: number | null;
          company_id?: string | null;
          compute_cost?: number | null;
          confidence_score?: number | null;
          data_quality_score?: number | null;
          error_rate?: number | null;
          failure_count?: number | null;
          handoff_efficiency?: number | null;
          metadata?: Json | null;
          metric_id?: string;
          metric_period_end?: string | null;
          metric_period_start?: string | null;
          recorded_at?: string | null;
          session_id?: string | null;
          stage_duration?: string | null;
          stage_id?: number | null;
          success_count?: number | null;
          venture_id?: string | null;
        };
        Update: {
          action_count?: number | null;
          agent_response_time?: string | null;
          agent_utilization?: number | null;
          agents_involved?: string[] | null;
          api_calls_made?: number | null;
          chairman_approvals?: number | null;
          chairman_interventions?: number | null;
          chairman_rejections?: number | null;
          company_id?: string | null;
          compute_cost?: number | null;
          confidence_score?: number | null;
          data_quality_score?: number | null;
          error_rate?: number | null;
          failure_count?: number | null;
          handoff_efficiency?: number | null;
          metadata?: Json | null;
          metric_id?: string;
          metric_period_end?: string | null;
          metric_period_start?: string | null;
          recorded_at?: string | null;
          session_id?: string | null;
          stage_duration?: string | null;
          stage_id?: number | null;
          success_count?: number | null;
          venture_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "orchestration_metrics_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "orchestration_metrics_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "eva_orchestration_sessions";
            referencedColumns: ["session_id"];
          },
          {
            foreignKeyName: "orchestration_metrics_venture_id_fkey";
            columns: ["venture_id"];
            isOneToOne: false;
            referencedRelation: "ventures";
            referencedColumns: ["id"];
          },
        ];
      };
      orchestration_stale_days: {
        Row: {
          company_id: string;
          day: string;
          id: number;
        };
        ComputedFields: never;
        Insert: {
          company_id: string;
          day: string;
          id?: never;
        };
        Update: {
          company_id?: string;
          day?: string;
          id?: never;
        };
        Relationships: [];
      };
      orchestration_summary_progress: {
        Row: {
          is_only: boolean;
          rolled_up_through: string;
        };
        ComputedFields: never;
        Insert: {
          is_only?: boolean;
          rolled_up_through?: string;
        };
        Update: {
          is_only?: boolean;
          rolled_up_through?: string;
        };
        Relationships: [];
      };
      product_requirements_v2: {
        Row: {
          created_at: string | null;
          id: string;
          sd_id: string | null;
          status: string | null;
          title: string;
          updated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string | null;
          id: string;
          sd_id?: string | null;
          status?: string | null;
          title: string;
          updated_at?: string | null;
        };
        Update: {
          created_at?: string | null;
          id?: string;
          sd_id?: string | null;
          status?: string | null;
          title?: string;
          updated_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "product_requirements_v2_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
        ];
      };
      state_transitions: {
        Row: {
          actor: string;
          entity_id: string;
          event: string;
          from_status: string | null;
          id: number;
          machine: string;
          occurred_at: string;
          reason: string | null;
          request_id: string | null;
          sd_id: string | null;
          to_status: string | null;
        };
        ComputedFields: never;
        Insert: {
          actor: string;
          entity_id: string;
          event: string;
          from_status?: string | null;
          id?: never;
          machine: string;
          occurred_at?: string;
          reason?: string | null;
          request_id?: string | null;
          sd_id?: string | null;
          to_status?: string | null;
        };
        Update: {
          actor?: string;
          entity_id?: string;
          event?: string;
          from_status?: string | null;
          id?: never;
          machine?: string;
          occurred_at?: string;
          reason?: string | null;
          request_id?: string | null;
          sd_id?: string | null;
          to_status?: string | null;
        };
        Relationships: [];
      };
      strategic_directives_v2: {
        Row: {
          active_session_id: string | null;
          category: string;
          created_at: string | null;
          current_phase: string | null;
          description: string;
          id: string;
          is_active: boolean | null;
          is_working_on: boolean | null;
          phase_progress: number | null;
          priority: string;
          progress_percentage: number | null;
          rationale: string;
          scope: string;
          sd_key: string;
          sequence_rank: number;
          status: string;
          title: string;
          updated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          active_session_id?: string | null;
          category: string;
          created_at?: string | null;
          current_phase?: string | null;
          description: string;
          id: string;
          is_active?: boolean | null;
          is_working_on?: boolean | null;
          phase_progress?: number | null;
          priority: string;
          progress_percentage?: number | null;
          rationale: string;
          scope: string;
          sd_key: string;
          sequence_rank: number;
          status: string;
          title: string;
          updated_at?: string | null;
        };
        Update: {
          active_session_id?: string | null;
          category?: string;
          created_at?: string | null;
          current_phase?: string | null;
          description?: string;
          id?: string;
          is_active?: boolean | null;
          is_working_on?: boolean | null;
          phase_progress?: number | null;
          priority?: string;
          progress_percentage?: number | null;
          rationale?: string;
          scope?: string;
          sd_key?: string;
          sequence_rank?: number;
          status?: string;
          title?: string;
          updated_at?: string | null;
        };
        Relationships: [];
      };
      strategic_vision: {
        Row: {
          code: string;
          created_at: string | null;
          id: string;
          is_active: boolean | null;
          statement: string;
          title: string;
          updated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          code: string;
          created_at?: string | null;
          id?: string;
          is_active?: boolean | null;
          statement: string;
          title: string;
          updated_at?: string | null;
        };
        Update: {
          code?: string;
          created_at?: string | null;
          id?: string;
          is_active?: boolean | null;
          statement?: string;
          title?: string;
          updated_at?: string | null;
        };
        Relationships: [];
      };
      telemetry_analysis_runs: {
        Row: {
          correlation_id: string | null;
          created_at: string;
          duration_ms: number | null;
          error_class: string | null;
          error_message: string | null;
          findings_count: number | null;
          finished_at: string | null;
          id: string;
          metadata: Json | null;
          output_ref: Json | null;
          reason_code: string | null;
          run_id: string;
          scope_id: string | null;
          scope_type: string;
          started_at: string | null;
          status: string;
          top_bottleneck_category: string | null;
          triggered_at: string;
          triggered_by: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          correlation_id?: string | null;
          created_at?: string;
          duration_ms?: number | null;
          error_class?: string | null;
          error_message?: string | null;
          findings_count?: number | null;
          finished_at?: string | null;
          id?: string;
          metadata?: Json | null;
          output_ref?: Json | null;
          reason_code?: string | null;
          run_id: string;
          scope_id?: string | null;
          scope_type?: string;
          started_at?: string | null;
          status?: string;
          top_bottleneck_category?: string | null;
          triggered_at?: string;
          triggered_by?: string;
          updated_at?: string;
        };
        Update: {
          correlation_id?: string | null;
          created_at?: string;
          duration_ms?: number | null;
          error_class?: string | null;
          error_message?: string | null;
          findings_count?: number | null;
          finished_at?: string | null;
          id?: string;
          metadata?: Json | null;
          output_ref?: Json | null;
          reason_code?: string | null;
          run_id?: string;
          scope_id?: string | null;
          scope_type?: string;
          started_at?: string | null;
          status?: string;
          top_bottleneck_category?: string | null;
          triggered_at?: string;
          triggered_by?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      user_company_access: {
        Row: {
          access_level: string | null;
          company_id: string;
          granted_at: string | null;
          granted_by: string | null;
          id: string;
          is_active: boolean | null;
          role: string | null;
          updated_at: string | null;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          access_level?: string | null;
          company_id: string;
          granted_at?: string | null;
          granted_by?: string | null;
          id?: string;
          is_active?: boolean | null;
          role?: string | null;
          updated_at?: string | null;
          user_id: string;
        };
        Update: {
          access_level?: string | null;
          company_id?: string;
          granted_at?: string | null;
          granted_by?: string | null;
          id?: string;
          is_active?: boolean | null;
          role?: string | null;
          updated_at?: string | null;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: "user_company_access_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
      ventures: {
        Row: {
          company_id: string | null;
          created_at: string | null;
          current_lifecycle_stage: number | null;
          id: string;
          name: string;
          problem_statement: string;
          updated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          company_id?: string | null;
          created_at?: string | null;
          current_lifecycle_stage?: number | null;
          id?: string;
          name: string;
          problem_statement: string;
          updated_at?: string | null;
        };
        Update: {
          company_id?: string | null;
          created_at?: string | null;
          current_lifecycle_stage?: number | null;
          id?: string;
          name?: string;
          problem_statement?: string;
          updated_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "ventures_company_id_fkey";
            columns: ["company_id"];
            isOneToOne: false;
            referencedRelation: "companies";
            referencedColumns: ["id"];
          },
        ];
      };
    };
    Views: {
      checkpoint_gaps: {
        Row: {
          checkpoint_id: string;
          checkpoint_name: string;
          checkpoint_type: string;
          open_seconds: number | null;
          open_since: string | null;
          sd_id: string;
          sd_title: string | null;
          session_id: string;
          session_status: string;
        };
        ComputedFields: never;
        Relationships: [
          {
            foreignKeyName: "exec_implementation_sessions_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
        ];
      };
      handoff_turnarounds: {
        Row: {
          answered_by: string | null;
          handoff_id: string;
          handoff_status: string;
          last_rejection_reason: string | null;
          prepared_at: string | null;
          rejection_count: number | null;
          response_at: string | null;
          sd_id: string;
          sd_title: string | null;
          sent_at: string | null;
          sent_by: string | null;
          session_id: string;
          turnaround_seconds: number | null;
          waiting_seconds: number | null;
        };
        ComputedFields: never;
        Insert: {
          answered_by?: never;
          handoff_id?: string | null;
          handoff_status?: string | null;
          last_rejection_reason?: never;
          prepared_at?: string | null;
          rejection_count?: never;
          response_at?: string | null;
          sd_id?: string | null;
          sd_title?: never;
          sent_at?: string | null;
          sent_by?: never;
          session_id?: string | null;
          turnaround_seconds?: never;
          waiting_seconds?: never;
        };
        Update: {
          answered_by?: never;
          handoff_id?: string | null;
          handoff_status?: string | null;
          last_rejection_reason?: never;
          prepared_at?: string | null;
          rejection_count?: never;
          response_at?: string | null;
          sd_id?: string | null;
          sd_title?: never;
          sent_at?: string | null;
          sent_by?: never;
          session_id?: string | null;
          turnaround_seconds?: never;
          waiting_seconds?: never;
        };
        Relationships: [
          {
            foreignKeyName: "exec_handoff_preparations_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_handoff_preparations_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "checkpoint_gaps";
            referencedColumns: ["session_id"];
          },
          {
            foreignKeyName: "exec_handoff_preparations_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "exec_implementation_sessions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "exec_handoff_preparations_session_id_fkey";
            columns: ["session_id"];
            isOneToOne: false;
            referencedRelation: "session_overview";
            referencedColumns: ["session_id"];
          },
        ];
      };
      okr_history: {
        Row: {
          bottom_up_count: number;
          bottom_up_ratio: number | null;
          created_at: string | null;
          created_by: string | null;
          failed_count: number | null;
          generation_date: string;
          generation_id: string;
          last_error: string | null;
          period: string;
          source_breakdown: Json | null;
          status: string | null;
          top_down_count: number;
          top_down_ratio: number | null;
          total_krs_generated: number;
          vision_id: string | null;
          vision_title: string | null;
        };
        ComputedFields: never;
        Relationships: [
          {
            foreignKeyName: "okr_generation_log_vision_id_fkey";
            columns: ["vision_id"];
            isOneToOne: false;
            referencedRelation: "strategic_vision";
            referencedColumns: ["id"];
          },
        ];
      };
      sd_timeline: {
        Row: {
          actor: string;
          checkpoint_name: string | null;
          entity_id: string;
          event: string;
          from_status: string | null;
          machine: string;
          occurred_at: string;
          reason: string | null;
          request_id: string | null;
          sd_id: string | null;
          seconds_since_previous: number | null;
          to_status: string | null;
          transition_id: number;
        };
        ComputedFields: never;
        Insert: {
          actor?: string | null;
          checkpoint_name?: never;
          entity_id?: string | null;
          event?: string | null;
          from_status?: string | null;
          machine?: string | null;
          occurred_at?: string | null;
          reason?: string | null;
          request_id?: string | null;
          sd_id?: string | null;
          seconds_since_previous?: never;
          to_status?: string | null;
          transition_id?: number | null;
        };
        Update: {
          actor?: string | null;
          checkpoint_name?: never;
          entity_id?: string | null;
          event?: string | null;
          from_status?: string | null;
          machine?: string | null;
          occurred_at?: string | null;
          reason?: string | null;
          request_id?: string | null;
          sd_id?: string | null;
          seconds_since_previous?: never;
          to_status?: string | null;
          transition_id?: number | null;
        };
        Relationships: [];
      };
      session_overview: {
        Row: {
          age_seconds: number | null;
          attempt: number;
          checkpoints_done: number | null;
          checkpoints_required: number | null;
          completed_at: string | null;
          implementation_progress: number | null;
          implementation_type: string;
          last_sign_of_life_at: string | null;
          open_handoff_id: string | null;
          open_handoff_status: string | null;
          sd_id: string;
          sd_title: string | null;
          session_id: string;
          started_at: string | null;
          status: string;
        };
        ComputedFields: never;
        Relationships: [
          {
            foreignKeyName: "exec_implementation_sessions_sd_id_fkey";
            columns: ["sd_id"];
            isOneToOne: false;
            referencedRelation: "strategic_directives_v2";
            referencedColumns: ["id"];
          },
        ];
      };
      telemetry_findings: {
        Row: {
          active_run_id: string | null;
          active_started_at: string | null;
          active_status: string | null;
          active_triggered_at: string | null;
          age_seconds: number | null;
          findings_count: number | null;
          finished_at: string | null;
          output_ref: Json | null;
          reason_code: string | null;
          run_id: string | null;
          scope_id: string | null;
          scope_type: string | null;
          top_bottleneck_category: string | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
    };
    Functions: {
      orchestration_summary: {
        Args: { company_id?: string; from_day?: string; to_day?: string };
        Returns: {
          action_count: number;
          agent_response_time_p50_ms: number | null;
          agent_response_time_p95_ms: number | null;
          agent_utilization: number | null;
          api_calls_made: number;
          chairman_approvals: number;
          chairman_interventions: number;
          chairman_rejections: number;
          company_id: string;
          compute_cost: number;
          confidence_score: number | null;
          data_quality_score: number | null;
          day: string;
          error_rate: number | null;
          failure_count: number;
          handoff_efficiency: number | null;
          metric_count: number;
          reported_error_rate: number | null;
          stage_duration_p50_ms: number | null;
          stage_duration_p95_ms: number | null;
          success_count: number;
        }[];
        SetofOptions: {
          from: "*";
          to: "orchestration_daily_summaries";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"] | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"] | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"] | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {},
  },
} as const;
