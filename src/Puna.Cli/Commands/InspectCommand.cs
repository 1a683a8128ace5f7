using System.CommandLine;
using System.Text.Json;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Files;
using Puna.Engine.Plan;

namespace Puna.Cli.Commands;

/// <summary><c>puna inspect</c>: what is in a model file.</summary>
internal static class InspectCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var path = new Argument<string?>("FILE")
        {
            Description =
                "A model in any readable form, or any other GGUF or safetensors file; the default model when this is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var model = ModelOptions.Model();
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new ExampleCommand(
            "inspect",
            "Print the metadata, plan, tensors, formats, sizes and parameter count of a model, and what else there is in a file that cannot be run.",
            Examples.Of("puna inspect model.gguf", "puna inspect model/ --json")
        )
        {
            path,
            model,
            json,
        };
        command.SetAction(result =>
        {
            var name = ModelArguments.Single(result.GetValue(model), result.GetValue(path));
            var file = ModelContents.Read(name ?? DefaultModel.Path());
            if (result.GetValue(json))
            {
                WriteJson(file);
            }
            else
            {
                WriteText(file);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Dictionary<string, (int Tensors, long Bytes)> Formats(ModelContents file) =>
        file
            .Tensors.GroupBy(tensor => tensor.Format)
            .OrderByDescending(group => group.Sum(tensor => tensor.Bytes))
            .ToDictionary(
                group => group.Key,
                group => (group.Count(), group.Sum(tensor => tensor.Bytes))
            );

    private static void WriteText(ModelContents file)
    {
        var output = Console.Out;
        output.WriteLine($"{PrintableText.Escape(file.Path)}: {file.Form}");
        output.WriteLine(
            $"{file.Family ?? "no family"}, {file.Parameters:N0} parameters, {Sizes.Bytes(file.Bytes)}"
        );
        if (file.Plan is { } plan)
        {
            WriteText(plan);
        }
        else
        {
            output.WriteLine($"cannot be run: {file.Reason}");
        }

        output.WriteLine();
        TableOutput.Write(
            ["format", "tensors", "bytes"],
            Formats(file)
                .Select(entry =>
                    (string[])[entry.Key, $"{entry.Value.Tensors}", $"{entry.Value.Bytes:N0}"]
                )
        );
        output.WriteLine();
        TableOutput.Write(
            ["metadata", "value"],
            file.Metadata.Select(entry => (string[])[entry.Key, entry.Value])
        );
        output.WriteLine();
        TableOutput.Write(
            ["tensor", "shape", "format", "bytes"],
            file.Tensors.Select(tensor =>
                (string[])
                    [
                        PrintableText.Short(tensor.StoredName),
                        string.Join(" x ", tensor.Shape),
                        PrintableText.Short(tensor.Format),
                        $"{tensor.Bytes:N0}",
                    ]
            )
        );
    }

    private static void WriteText(LayerPlan plan)
    {
        var config = plan.Config;
        var output = Console.Out;
        output.WriteLine(
            $"{config.Layers} layers, width {config.HiddenSize}, {config.Heads} query and {config.KvHeads} key/value heads of {config.HeadDim}, "
                + $"MLP {config.IntermediateSize}, vocabulary {config.VocabularySize}, context {config.ContextLength}"
        );
        if (!plan.IsPlain)
        {
            output.WriteLine($"plan {plan.Name}: {plan.Banks.Count} banks of keys and values");
            foreach (var shared in plan.Readers().GroupBy(pair => pair.Producer))
            {
                output.WriteLine(
                    $"  layer {string.Join(", ", shared.Select(pair => pair.Layer))} reads those of layer {shared.Key}"
                );
            }
        }
    }

    private static void WriteJson(ModelContents file) =>
        JsonOutput.Write(writer =>
        {
            writer.WriteString("path", file.Path);
            writer.WriteString("form", file.Form);
            writer.WriteBoolean("runnable", file.Plan is not null);
            writer.WriteString("reason", file.Reason);
            writer.WriteString("family", file.Family);
            writer.WriteNumber("parameters", file.Parameters);
            writer.WriteNumber("bytes", file.Bytes);
            if (file.Plan is { } plan)
            {
                WriteJson(writer, plan);
            }
            else
            {
                writer.WriteNull("plan");
            }

            writer.WriteStartObject("formats");
            foreach (var (format, (tensors, bytes)) in Formats(file))
            {
                writer.WriteStartObject(format);
                writer.WriteNumber("tensors", tensors);
                writer.WriteNumber("bytes", bytes);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteStartObject("metadata");
            foreach (var (key, value) in file.Metadata)
            {
                writer.WriteString(key, value);
            }

            writer.WriteEndObject();
            writer.WriteStartArray("tensors");
            foreach (var tensor in file.Tensors)
            {
                writer.WriteStartObject();
                writer.WriteString("name", tensor.Name);
                writer.WriteString("stored_name", tensor.StoredName);
                writer.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                {
                    writer.WriteNumberValue(size);
                }

                writer.WriteEndArray();
                writer.WriteString("format", tensor.Format);
                writer.WriteNumber("bytes", tensor.Bytes);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });

    private static void WriteJson(Utf8JsonWriter writer, LayerPlan plan)
    {
        var config = plan.Config;
        writer.WriteStartObject("plan");
        writer.WriteString("name", plan.Name);
        writer.WriteNumber("layers", config.Layers);
        writer.WriteNumber("banks", plan.Banks.Count);
        writer.WriteStartArray("readers");
        foreach (var (layer, producer) in plan.Readers())
        {
            writer.WriteStartObject();
            writer.WriteNumber("layer", layer);
            writer.WriteNumber("producer", producer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("hidden_size", config.HiddenSize);
        writer.WriteNumber("intermediate_size", config.IntermediateSize);
        writer.WriteNumber("heads", config.Heads);
        writer.WriteNumber("kv_heads", config.KvHeads);
        writer.WriteNumber("head_dim", config.HeadDim);
        writer.WriteNumber("vocabulary_size", config.VocabularySize);
        writer.WriteNumber("context_length", config.ContextLength);
        writer.WriteBoolean("tied_embeddings", config.TieEmbeddings);
        writer.WriteNumber("rope_theta", config.Rope.Theta);
        writer.WriteString("rope_scaling", config.Rope.Scaling.ToString().ToLowerInvariant());
        writer.WriteNumber("sliding_window", config.SlidingWindow);
        writer.WriteEndObject();
    }
}
