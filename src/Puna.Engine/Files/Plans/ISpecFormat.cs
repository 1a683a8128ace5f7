using System.Text.Json;
using Puna.Engine.Files.Json;

namespace Puna.Engine.Files.Plans;

/// <summary>How the plans in files spell steps, or branches, of one kind.</summary>
/// <typeparam name="TSpec">LayerStep or BranchSpec.</typeparam>
internal interface ISpecFormat<TSpec>
{
    /// <summary>The name of the kind.</summary>
    string Kind { get; }

    /// <summary>Writes the fields of a spec of this kind into the object that was begun.</summary>
    void Write(TSpec spec, Utf8JsonWriter writer, SpecFormats formats);

    /// <summary>Reads a spec of this kind.</summary>
    /// <exception cref="InputException">A field is missing or of another kind.</exception>
    TSpec Read(JsonFields fields, SpecFormats formats);
}
