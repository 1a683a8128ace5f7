using System.Text.Json;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Plans;

/// <summary>The kinds of steps and branches that plans in files may have.</summary>
internal sealed class SpecFormats
{
    private const string KindField = "kind";
    private readonly Dictionary<string, ISpecFormat<LayerStep>> _steps = new(
        StringComparer.Ordinal
    );
    private readonly Dictionary<string, ISpecFormat<BranchSpec>> _branches = new(
        StringComparer.Ordinal
    );

    /// <summary>The kinds that the engine has of its own.</summary>
    public static SpecFormats BuiltIn { get; } =
        new SpecFormats()
            .AddStep(new ResidualFormat())
            .AddBranch(new AttentionFormat())
            .AddBranch(new SwiGluFormat());

    /// <summary>Adds a kind of step.</summary>
    public SpecFormats AddStep(ISpecFormat<LayerStep> format)
    {
        _steps.Add(format.Kind, format);
        return this;
    }

    /// <summary>Adds a kind of branch.</summary>
    public SpecFormats AddBranch(ISpecFormat<BranchSpec> format)
    {
        _branches.Add(format.Kind, format);
        return this;
    }

    /// <summary>Writes a step as an object.</summary>
    public void Write(LayerStep step, Utf8JsonWriter writer) =>
        Write(step, step.Kind, _steps, writer);

    /// <summary>Writes a branch as an object.</summary>
    public void Write(BranchSpec branch, Utf8JsonWriter writer) =>
        Write(branch, branch.Kind, _branches, writer);

    /// <summary>Reads a step.</summary>
    /// <exception cref="InputException">Its kind is not known, or a field does not fit.</exception>
    public LayerStep ReadStep(JsonFields fields) => Read(fields, "step", _steps);

    /// <summary>Reads a branch.</summary>
    /// <exception cref="InputException">Its kind is not known, or a field does not fit.</exception>
    public BranchSpec ReadBranch(JsonFields fields) => Read(fields, "branch", _branches);

    private void Write<TSpec>(
        TSpec spec,
        string kind,
        Dictionary<string, ISpecFormat<TSpec>> formats,
        Utf8JsonWriter writer
    )
    {
        if (!formats.TryGetValue(kind, out var format))
        {
            throw new InputException(
                $"A plan with a '{kind}' cannot be written: no file spells that kind; known are {string.Join(", ", formats.Keys)}."
            );
        }

        writer.WriteStartObject();
        writer.WriteString(KindField, kind);
        format.Write(spec, writer, this);
        writer.WriteEndObject();
    }

    private TSpec Read<TSpec>(
        JsonFields fields,
        string what,
        Dictionary<string, ISpecFormat<TSpec>> formats
    )
    {
        var kind = fields.Text(KindField) ?? "";
        return formats.TryGetValue(kind, out var format)
            ? format.Read(fields, this)
            : throw new InputException(
                $"{fields.Source} has a {what} of the kind '{PrintableText.Short(kind)}', which is not known; known are {string.Join(", ", formats.Keys)}{NearestName.Hint(kind, [.. formats.Keys])}."
            );
    }
}
