namespace Puna.Testing;

/// <summary>The real models of data/weights with a GGUF file and an oracle.json.</summary>
public static class OracleModels
{
    /// <summary>Their folders.</summary>
    public static TheoryData<string> All => ReferenceCases.Rows(Names);

    /// <summary>Their folders, none where there is none.</summary>
    public static IReadOnlyList<string> Names =>
        ReferenceCases.FolderNames("weights", "oracle.json");

    /// <summary>The model's file.</summary>
    public static string PathOf(string name) =>
        SharedData.Path(
            "weights",
            name,
            ReferenceCases.FileNames($"weights/{name}", "*.gguf").FirstOrDefault("model.gguf")
        );
}
