using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine.Cache;
using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Kernels.Attention;

namespace Puna.Cli.Commands;

/// <summary><c>puna plan cost</c>: exact parameters, FLOPs and bytes, computed without loading the model.</summary>
internal static class PlanCostCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL")
        {
            Description = "The model; the default one when this is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var named = ModelOptions.Model();
        var context = new Option<int?>("--ctx", "-c")
        {
            Description = "Length of the sequence (default: the model's context).",
            HelpName = "N",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new ExampleCommand(
            "cost",
            "Print exact parameters, FLOPs a token for training and decoding, weight bytes and KV bytes.",
            Examples.Of("puna plan cost model.gguf --ctx 4096", "puna plan cost model/ --json")
        )
        {
            model,
            named,
            context,
            json,
        };
        command.SetAction(result =>
        {
            var path = ModelArguments.Single(result.GetValue(named), result.GetValue(model));
            using var file = ModelFiles.Open(path ?? DefaultModel.Path());
            var plan = file.Plan;
            var length =
                ModelOptions.Range("--ctx", result.GetValue(context), 1, 1 << 24)
                ?? file.Config.ContextLength;
            var cost = PlanCost.Of(plan, length);
            var weightBytes = file.Tensors.Sum(tensor => tensor.Data.Length);
            if (result.GetValue(json))
            {
                WriteJson(plan, cost, length, weightBytes);
            }
            else
            {
                WriteTable(plan, cost, length, weightBytes);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static long KvBytes(LayerPlan plan, KvSlotFormat format) =>
        KvCacheShape.Of(plan, format, format).BytesPerToken;

    private static void WriteJson(LayerPlan plan, PlanCost cost, int length, long weightBytes) =>
        JsonOutput.Write(writer =>
        {
            writer.WriteNumber("context", length);
            writer.WriteNumber("layers", plan.Layers.Count);
            writer.WriteNumber("banks", plan.Banks.Count);
            writer.WriteNumber("parameters", cost.Parameters);
            writer.WriteNumber("layer_parameters", cost.LayerParameters);
            writer.WriteNumber("decode_flops_per_token", cost.DecodeFlops);
            writer.WriteNumber("prefill_flops_per_token", cost.PrefillFlopsPerToken);
            writer.WriteNumber("training_flops_per_token", cost.TrainFlopsPerToken);
            writer.WriteNumber("weight_bytes", weightBytes);
            writer.WriteStartObject("kv_bytes_per_token");
            foreach (var format in KvPageFormats.All)
            {
                writer.WriteNumber(format.Id, KvBytes(plan, format));
            }

            writer.WriteEndObject();
            writer.WriteStartObject("kv_bytes");
            foreach (var format in KvPageFormats.All)
            {
                writer.WriteNumber(format.Id, KvBytes(plan, format) * length);
            }

            writer.WriteEndObject();
            writer.WriteNumber("kv_elements_read_per_token", cost.KvReadElements);
        });

    private static void WriteTable(LayerPlan plan, PlanCost cost, int length, long weightBytes)
    {
        var output = Console.Out;
        output.WriteLine(
            $"layers                {plan.Layers.Count}, banks of keys and values {plan.Banks.Count}"
        );
        output.WriteLine(
            $"parameters            {cost.Parameters:N0} (in the layers {cost.LayerParameters:N0})"
        );
        output.WriteLine($"weights               {Sizes.Bytes(weightBytes)}");
        output.WriteLine($"at a context of       {length:N0} tokens");
        output.WriteLine($"  decode              {cost.DecodeFlops / 1e9:F3} GFLOP a token");
        output.WriteLine(
            $"  prefill             {cost.PrefillFlopsPerToken / 1e9:F3} GFLOP a token"
        );
        output.WriteLine($"  training            {cost.TrainFlopsPerToken / 1e9:F3} GFLOP a token");
        foreach (var format in KvPageFormats.All)
        {
            var perToken = KvBytes(plan, format);
            output.WriteLine(
                $"  KV {format.Id, -5}            {Sizes.Bytes(perToken * length)} ({perToken:N0} bytes a token)"
            );
        }
    }
}
