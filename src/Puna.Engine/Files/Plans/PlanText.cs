using System.Text;
using System.Text.Json;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Plans;

/// <summary>
/// A layer plan as JSON, as it stands in the metadata of safetensors files: banks with their producers, layers with their
/// steps. The facts that all layers share are those of config.json.
/// </summary>
internal static class PlanText
{
    /// <summary>The key under which safetensors files carry the plan.</summary>
    public const string MetadataKey = "puna.plan";

    private const int Version = 1;
    private const int LongestName = 64;

    /// <summary>The plan as JSON.</summary>
    /// <exception cref="InputException">It has a kind of step or branch that no file spells.</exception>
    public static string Write(LayerPlan plan, SpecFormats? formats = null)
    {
        formats ??= SpecFormats.BuiltIn;
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("name", plan.Name);
            writer.WriteStartArray("banks");
            foreach (var bank in plan.Banks)
            {
                writer.WriteStartObject();
                writer.WriteNumber("producer", bank.Producer);
                writer.WriteNumber("heads", bank.Heads);
                writer.WriteNumber("head_dim", bank.HeadDim);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("layers");
            foreach (var layer in plan.Layers)
            {
                writer.WriteStartObject();
                writer.WriteStartArray("steps");
                foreach (var step in layer.Steps)
                {
                    formats.Write(step, writer);
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Reads and checks a plan.</summary>
    /// <param name="path">The file that carries it, for messages.</param>
    /// <param name="text">The JSON.</param>
    /// <param name="config">The facts of the model.</param>
    /// <param name="formats">Kinds that the plan may have; null = those of the engine.</param>
    /// <exception cref="InputException">It is no plan, has an unknown kind, or does not fit the model.</exception>
    public static LayerPlan Read(
        string path,
        string text,
        ModelConfig config,
        SpecFormats? formats = null
    )
    {
        formats ??= SpecFormats.BuiltIn;
        var source = $"The plan of '{path}'";
        using var document = JsonText.Parse($"{path}: {MetadataKey}", Encoding.UTF8.GetBytes(text));
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new InputException(
                $"{source} should be a JSON object, but is {document.RootElement.ValueKind}."
            );
        }

        var fields = new JsonFields(path, document.RootElement, source);
        var version = fields.Integer("version");
        if (version != Version)
        {
            throw new InputException(
                $"{source} has version {version}; version {Version} can be read."
            );
        }

        var name = fields.Text("name") ?? "";
        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            throw new InputException(
                $"{source} has a name of {name.Length} characters; 1 to {LongestName} are accepted."
            );
        }

        var plan = new LayerPlan
        {
            Name = name,
            Config = config,
            Banks = [.. fields.Objects("banks").Select(Bank)],
            Layers =
            [
                .. fields.Objects("layers").Select((layer, index) => Layer(layer, index, formats)),
            ],
        };
        if (plan.Layers.Count != config.Layers)
        {
            throw new InputException(
                $"{source} has {plan.Layers.Count} layers, its configuration {config.Layers}."
            );
        }

        LayerPlanValidator.Check(plan);
        return plan;
    }

    private static KvBank Bank(JsonFields fields, int index) =>
        new(index, fields.Integer("producer"), fields.Integer("heads"), fields.Integer("head_dim"));

    private static LayerSpec Layer(JsonFields fields, int index, SpecFormats formats) =>
        new(index, [.. fields.Objects("steps").Select(formats.ReadStep)]);
}
