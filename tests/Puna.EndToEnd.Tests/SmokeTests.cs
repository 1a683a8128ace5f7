namespace Puna.EndToEnd.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void The_root_is_found() => Assert.True(Directory.Exists(Puna.Testing.SharedData.Root));
}
