namespace Puna.Engine.Plan;

/// <summary>The model families that can be read, and the sentence for those that cannot.</summary>
internal static class ModelFamilies
{
    /// <summary>Every family, by its model_type.</summary>
    public static IReadOnlyList<string> All { get; } =
    ["llama", "mistral", "qwen2", "qwen3", "smollm3", "granite", "hyperclovax"];

    /// <summary>The error for a family that is not readable.</summary>
    /// <param name="path">The file that was asked for.</param>
    /// <param name="family">The family it states.</param>
    /// <param name="known">Families that this form of file can hold.</param>
    public static InputException Unknown(string path, string family, IReadOnlyList<string> known)
    {
        var shown = family.Length <= 64 ? family : family[..64] + "...";
        return new InputException(
            $"'{path}' is a model of the family '{shown}', which cannot be run; known are {string.Join(", ", known)}{NearestName.Hint(family, known)}."
        );
    }
}
